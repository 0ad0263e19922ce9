import assert from "node:assert/strict";
import { test } from "node:test";
import {
  logIn,
  makeAes,
  makePair,
  p256,
  setUp,
  startHsms,
  template,
} from "../../test/support/hsm.ts";
import { CKA, CKF, CKM, CKO, CKU } from "./constants.ts";

test("a partition is set up, keeps its keys over a start, and works with them", async (t) => {
  const bench = await startHsms(t);
  const cluster = bench.cluster();
  await setUp(cluster);
  const user = await logIn(cluster);
  await makeAes(user, { LABEL: "orders" });
  await makePair(user, CKM.EC_KEY_PAIR_GEN, { EC_PARAMS: p256, LABEL: "pair" }, { LABEL: "pair" });
  const again = (await bench.reopen()).find(cluster.account, cluster.id);
  assert.ok(again);
  assert.deepEqual(again.partitions(), cluster.partitions());
  const { token, session } = await logIn(again);
  const find = (values: Parameters<typeof template>[0]) => {
    token.findObjectsInit(session, template(values));
    const found = token.findObjects(session, 10);
    token.findObjectsFinal(session);
    return found;
  };
  const [aes = 0] = find({ LABEL: "orders" });
  const iv = Buffer.alloc(12);
  const gcm = { type: CKM.AES_GCM, parameter: { kind: "gcm", iv, aad: iv, tagBits: 128 } } as const;
  const plain = Buffer.from("four windows of June");
  const sealed = user.token.openSession(0, CKF.SERIAL_SESSION);
  user.token.begin(sealed, "encrypt", gcm, 1);
  const bytes = user.token.once(sealed, "encrypt", plain);
  token.begin(session, "decrypt", gcm, aes);
  assert.deepEqual(token.once(session, "decrypt", bytes), plain);
  const [signing = 0] = find({ LABEL: "pair", CLASS: CKO.PRIVATE_KEY });
  const [verifying = 0] = find({ LABEL: "pair", CLASS: CKO.PUBLIC_KEY });
  for (const type of [CKM.ECDSA, CKM.ECDSA_SHA256]) {
    token.begin(session, "sign", { type }, signing);
    const signature = token.once(session, "sign", plain);
    token.begin(session, "verify", { type }, verifying);
    token.once(session, "verify", plain, signature);
  }
  assert.deepEqual(token.attributes(session, signing, [CKA.VALUE, CKA.SENSITIVE, CKA.ISSUER]), [
    "sensitive",
    true,
    undefined,
  ]);
  token.logout(session);
  assert.equal(find({}).length, 1, "without login only the public key is seen");
  await token.login(session, CKU.USER, Buffer.from("alice:correct horse"));
  assert.equal(find({}).length, 3);
});
