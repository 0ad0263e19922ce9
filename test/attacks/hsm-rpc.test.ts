import assert from "node:assert/strict";
import { test } from "node:test";
import { CKF, CKM, CKU } from "../../src/hsm/constants.ts";
import { Malformed } from "../../src/hsm/rpc/bytes.ts";
import { createRpcHandler } from "../../src/hsm/rpc/server.ts";
import { mechanisms, samples, spoil } from "../support/hostile-rpc.ts";
import { logIn, makeAes, setUp, startHsms, userPin } from "../support/hsm.ts";
import { createDice } from "../support/mutate.ts";

test("no message of somebody who is logged in breaks an HSM or what it keeps", async (t) => {
  const bench = await startHsms(t);
  const cluster = bench.cluster();
  await setUp(cluster);
  await makeAes(await logIn(cluster), { LABEL: "kept", TOKEN: true, DESTROYABLE: false });
  const dice = createDice(12);
  const faults: string[] = [];
  let done = 0;
  for (const type of [CKM.AES_KEY_GEN, CKM.AES_ECB, CKM.SHA256, CKM.SHA256_HMAC, undefined]) {
    const hsm = cluster.connect("an attacker");
    const session = hsm.openSession(0, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    await hsm.login(session, CKU.USER, userPin);
    const handler = createRpcHandler(hsm, (line) => faults.push(line));
    // PINs are tried three times, and what ends the session is dull.
    const without = ["C_Login", "C_SetPIN", "C_InitToken", "C_InitToken2", "C_Logout"] as const;
    const ending = ["C_Finalize", "C_CloseSession", "C_CloseAllSessions"] as const;
    const mechanism = type === undefined ? mechanisms[4] : { type };
    const messages = samples(2, mechanism, ...without, ...ending);
    await handler.answer(messages[0] ?? Buffer.alloc(0), 2);
    for (let turn = 0; turn < 3000; turn += 1) {
      try {
        const message = dice.pick(messages);
        const sent = dice.below(3) === 0 ? message : spoil(message, dice);
        const answer = await handler.answer(sent, 2);
        if (answer.readUInt32BE(0) !== 0) done += 1;
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
      }
    }
    hsm.finalize();
  }
  assert.deepEqual(faults, []);
  assert.ok(done > 500, `only ${done} messages were obeyed: the rest proves little`);
  const { token, session } = await logIn(cluster);
  token.findObjectsInit(session, [{ type: 3, value: Buffer.from("kept") }]);
  assert.equal(token.findObjects(session, 2).length, 1);
});
