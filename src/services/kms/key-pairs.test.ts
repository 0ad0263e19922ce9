import { test } from "node:test";
import { makeKey, refuses, startKms } from "../../../test/support/kms.ts";

test("a pair is not sealed under a key that was disabled while it was made", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  // Making a pair of this size takes many times what disabling takes.
  const making = root("GenerateDataKeyPair", { KeyId, KeyPairSpec: "RSA_4096" });
  const refused = refuses(making, "DisabledException");
  await root("DisableKey", { KeyId });
  await refused;
});
