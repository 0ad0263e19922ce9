import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { startModule } from "../../src/engines/pkcs11/module.ts";
import { CKA, CKF, CKG, CKK, CKM, CKO, CKR, CKU } from "../../src/hsm/constants.ts";
import { CryptokiError } from "../../src/hsm/cryptoki.ts";
import { ConnectionEnded } from "../../src/hsm/rpc/client.ts";
import type { AsyncCryptoki } from "../../src/hsm/rpc/remote-cryptoki.ts";
import { makeSoftHsm, type SoftHsm } from "../support/softhsm.ts";

const timeoutMs = 60_000;

/** A session in which the user of SoftHSM's token is logged in. */
async function openSession(hsm: AsyncCryptoki, { label, pin }: SoftHsm): Promise<number> {
  for (const slot of await hsm.slots(true)) {
    if ((await hsm.tokenInfo(slot)).label !== label) continue;
    const session = await hsm.openSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION);
    await hsm.login(session, CKU.USER, Buffer.from(pin));
    return session;
  }
  throw new Error("the token is not there");
}

const refused = (code: number) => (error: unknown) =>
  error instanceof CryptokiError && error.code === code;

test("another maker's module makes keys that stay in it, and works with them", async (t) => {
  const soft = makeSoftHsm(t);
  const module = startModule({ ...soft, timeoutMs });
  t.after(() => module.close());
  const hsm = await module.connect();

  await t.test("a wrong PIN is refused by its code", async () => {
    const [slot = 0] = await hsm.slots(true);
    const session = await hsm.openSession(slot, CKF.SERIAL_SESSION);
    await assert.rejects(
      hsm.login(session, CKU.USER, Buffer.from("wrong")),
      refused(CKR.PIN_INCORRECT),
    );
    await hsm.closeSession(session);
  });

  const session = await openSession(hsm, soft);
  const label = Buffer.from("a secret");

  await t.test("a secret for HMAC-SHA-256, found by its label", async () => {
    await hsm.generateKey(session, { type: CKM.GENERIC_SECRET_KEY_GEN }, [
      { type: CKA.CLASS, value: CKO.SECRET_KEY },
      { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
      { type: CKA.VALUE_LEN, value: 32 },
      { type: CKA.LABEL, value: label },
      { type: CKA.TOKEN, value: true },
      { type: CKA.SENSITIVE, value: true },
      { type: CKA.EXTRACTABLE, value: false },
      { type: CKA.SIGN, value: true },
      { type: CKA.DESTROYABLE, value: true },
    ]);
    await hsm.findObjectsInit(session, [{ type: CKA.LABEL, value: label }]);
    const [key = 0, ...more] = await hsm.findObjects(session, 10);
    await hsm.findObjectsFinal(session);
    assert.deepEqual(more, []);

    const [value, kind, extractable] = await hsm.attributes(session, key, [
      CKA.VALUE,
      CKA.KEY_TYPE,
      CKA.EXTRACTABLE,
    ]);
    assert.deepEqual([value, kind, extractable], ["sensitive", CKK.GENERIC_SECRET, false]);

    const sign = async () => {
      await hsm.begin(session, "sign", { type: CKM.SHA256_HMAC }, key);
      return hsm.once(session, "sign", Buffer.from("data"));
    };
    const [first, second] = [await sign(), await sign()];
    assert.equal(first.length, 32);
    assert.deepEqual(first, second);

    await hsm.destroyObject(session, key);
    await assert.rejects(sign(), refused(CKR.OBJECT_HANDLE_INVALID));
  });

  await t.test("its HMAC is HMAC-SHA-256", async () => {
    const secret = Buffer.alloc(32, 7);
    const key = await hsm.createObject(session, [
      { type: CKA.CLASS, value: CKO.SECRET_KEY },
      { type: CKA.KEY_TYPE, value: CKK.GENERIC_SECRET },
      { type: CKA.VALUE, value: secret },
      { type: CKA.SIGN, value: true },
    ]);
    await hsm.begin(session, "sign", { type: CKM.SHA256_HMAC }, key);
    const made = await hsm.once(session, "sign", Buffer.from("data"));
    assert.deepEqual(made, createHmac("sha256", secret).update("data").digest());
  });

  await t.test("what RSA-OAEP encrypts, it decrypts", async () => {
    const [publicKey, privateKey] = await hsm.generateKeyPair(
      session,
      { type: CKM.RSA_PKCS_KEY_PAIR_GEN },
      [
        { type: CKA.MODULUS_BITS, value: 2048 },
        { type: CKA.PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
        { type: CKA.ENCRYPT, value: true },
      ],
      [
        { type: CKA.DECRYPT, value: true },
        { type: CKA.SENSITIVE, value: true },
      ],
    );
    const mechanism = {
      type: CKM.RSA_PKCS_OAEP,
      parameter: {
        kind: "oaep",
        hash: CKM.SHA_1,
        mgf: CKG.MGF1_SHA1,
        label: Buffer.alloc(0),
      },
    } as const;
    await hsm.begin(session, "encrypt", mechanism, publicKey);
    const sealed = await hsm.once(session, "encrypt", Buffer.from("a secret"));
    assert.equal(sealed.length, 256);
    await hsm.begin(session, "decrypt", mechanism, privateKey);
    assert.equal((await hsm.once(session, "decrypt", sealed)).toString(), "a secret");
  });

  await t.test("AES-CBC goes through p11-kit", async () => {
    const key = await hsm.generateKey(session, { type: CKM.AES_KEY_GEN }, [
      { type: CKA.VALUE_LEN, value: 32 },
      { type: CKA.ENCRYPT, value: true },
    ]);
    const cbc = { kind: "iv", iv: Buffer.alloc(16) } as const;
    await hsm.begin(session, "encrypt", { type: CKM.AES_CBC_PAD, parameter: cbc }, key);
    assert.equal((await hsm.once(session, "encrypt", Buffer.alloc(20))).length, 32);
  });
});

test("a module that crashes ends its calls with a reason, and the next call starts it anew", async (t) => {
  const soft = makeSoftHsm(t);
  const module = startModule({ ...soft, timeoutMs });
  t.after(() => module.close());
  const first = await module.connect();
  const session = await openSession(first, soft);
  const [child] = childrenOf(process.pid);
  assert.ok(child);
  process.kill(child, "SIGKILL");
  await assert.rejects(first.random(session, 16), (error: unknown) => {
    assert.ok(error instanceof ConnectionEnded);
    return error.message.includes(soft.modulePath);
  });
  const second = await module.connect();
  assert.notEqual(second, first);
  assert.equal((await second.random(await openSession(second, soft), 16)).length, 16);
});

test("what is no module is refused with what p11-kit says of it", async (t) => {
  const soft = makeSoftHsm(t);
  const module = startModule({ ...soft, modulePath: "/nonexistent/module.so", timeoutMs });
  t.after(() => module.close());
  await assert.rejects(module.connect(), /nonexistent/);
  const missing = startModule({ ...soft, p11Kit: "/nonexistent/p11-kit", timeoutMs });
  t.after(() => missing.close());
  await assert.rejects(missing.connect(), /ENOENT/);
});

test("a module that hangs is ended, and its calls with it", async (t) => {
  const soft = makeSoftHsm(t);
  const stuck = join(dirname(soft.env["SOFTHSM2_CONF"] ?? ""), "stuck");
  writeFileSync(stuck, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o700 });
  const module = startModule({ ...soft, p11Kit: stuck, timeoutMs: 300 });
  t.after(() => module.close());
  await assert.rejects(module.connect(), ConnectionEnded);
  while (childrenOf(process.pid).length > 0) await new Promise((done) => setTimeout(done, 20));
});

/** Processes that this one has started, and that run. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
}
