import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateKeyCommand,
  type CreateKeyRequest,
  DisabledException,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  LimitExceededException,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
  UnsupportedOperationException,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";

test("the AWS SDK rotates within KMS's limits, and only keys that can be", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => kms.destroy());
  const make = async (input: CreateKeyRequest) =>
    (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.Arn ?? "";
  const KeyId = await make({});
  for (const RotationPeriodInDays of [89, 2561]) {
    const asked = new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays });
    await assert.rejects(kms.send(asked), { name: "ValidationException" });
  }
  await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 2560 }));
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  assert.equal(status.RotationPeriodInDays, 2560);
  assert.ok(status.NextRotationDate instanceof Date);
  const rotate = () => kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  const many = await Promise.allSettled(Array.from({ length: 30 }, rotate));
  assert.equal(many.filter((one) => one.status === "fulfilled").length, 25);
  await assert.rejects(rotate(), LimitExceededException);
  const { Rotations = [] } = await kms.send(new ListKeyRotationsCommand({ KeyId }));
  assert.equal(Rotations.length, 25);
  const others: readonly CreateKeyRequest[] = [
    { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" },
    { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" },
  ];
  for (const input of others) {
    const other = { KeyId: await make(input) };
    for (const command of [
      new EnableKeyRotationCommand(other),
      new RotateKeyOnDemandCommand(other),
      new GetKeyRotationStatusCommand(other),
    ]) {
      // The overloads of `send` know no union of commands.
      await assert.rejects(
        kms.send(command as RotateKeyOnDemandCommand),
        UnsupportedOperationException,
      );
    }
  }
  const idle = await make({});
  await kms.send(new DisableKeyCommand({ KeyId: idle }));
  const refused = new EnableKeyRotationCommand({ KeyId: idle });
  await assert.rejects(kms.send(refused), DisabledException);
});
