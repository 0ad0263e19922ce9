import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startModule } from "../../src/engines/pkcs11/module.ts";
import { CKR } from "../../src/hsm/constants.ts";
import { CryptokiError } from "../../src/hsm/cryptoki.ts";
import { connectInProcess, type RpcClient } from "../../src/hsm/rpc/client.ts";
import { openCryptoki } from "../../src/hsm/rpc/remote-cryptoki.ts";
import { createToken, type Token } from "../../src/hsm/token.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { setUp, startHsms, userPin } from "../support/hsm.ts";
import { makeSoftHsm } from "../support/softhsm.ts";

const refused = (code: number) => (error: unknown) =>
  error instanceof CryptokiError && error.code === code;

test("a token of another maker keeps secrets, and wraps with them", async (t) => {
  const soft = makeSoftHsm(t);
  const module = startModule({ ...soft, timeoutMs: 60_000 });
  t.after(() => module.close());
  const random = systemRandom;
  const connect = () => module.connect();
  await keepsSecrets(
    createToken({ connect, which: { label: soft.label }, random }),
    soft.pin,
    () => {
      // The process of the module dies: the next call starts it anew, and opens the token again.
      const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
      process.kill(Number(children.trim().split(" ")[0]), "SIGKILL");
    },
  );
});

test("a partition of our own HSM does the same, without a process of its own", async (t) => {
  const bench = await startHsms(t);
  await setUp(bench.cluster());
  let last: RpcClient | undefined;
  const connect = () => {
    last = connectInProcess(bench.cluster().connect("a key store"), assert.fail);
    return openCryptoki(last);
  };
  const token = createToken({ connect, which: { label: "orders" }, random: systemRandom });
  await keepsSecrets(token, userPin.toString("utf8"), () => last?.close());
});

async function keepsSecrets(token: Token, pin: string, interrupt: () => void): Promise<void> {
  await assert.rejects(token.hmac("one", Buffer.from("data")), refused(CKR.USER_NOT_LOGGED_IN));
  await assert.rejects(token.open("alice:wrong"), refused(CKR.PIN_INCORRECT));
  // A wrong PIN is forgotten: asking again does not use up the tries that the token has.
  for (let turn = 0; turn < 5; turn += 1) {
    await assert.rejects(token.labels(), refused(CKR.USER_NOT_LOGGED_IN));
  }
  await token.open(pin);

  await token.makeKey("one");
  await token.makeKey("two");
  await assert.rejects(token.makeKey("one"), refused(CKR.ATTRIBUTE_VALUE_INVALID));
  assert.deepEqual((await token.labels()).sort(), ["one", "two"]);

  const data = Buffer.from("data");
  const [first, again, other] = await Promise.all([
    token.hmac("one", data),
    token.hmac("one", data),
    token.hmac("two", data),
  ]);
  assert.equal(first.length, 32);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);

  const wrapped = await token.wrap("one", Buffer.from("the root"), "root");
  assert.equal(wrapped.includes("the root"), false);
  assert.equal((await token.unwrap("one", wrapped, "root"))?.toString(), "the root");
  assert.equal(await token.unwrap("one", wrapped, "another purpose"), undefined);
  assert.equal(await token.unwrap("two", wrapped, "root"), undefined);
  assert.equal(await token.unwrap("one", wrapped.subarray(0, 20), "root"), undefined);
  await assert.rejects(token.wrap("one", Buffer.alloc(65), "root"), refused(CKR.DATA_LEN_RANGE));

  interrupt();
  assert.equal((await token.unwrap("one", wrapped, "root"))?.toString(), "the root");

  await token.destroyKey("one");
  await assert.rejects(token.unwrap("one", wrapped, "root"), refused(CKR.OBJECT_HANDLE_INVALID));
  assert.deepEqual(await token.labels(), ["two"]);
  await token.close();
  await assert.rejects(token.labels(), refused(CKR.USER_NOT_LOGGED_IN));
}
