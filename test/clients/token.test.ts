import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startModule } from "../../src/engines/pkcs11/module.ts";
import { CKR } from "../../src/hsm/constants.ts";
import { CryptokiError } from "../../src/hsm/cryptoki.ts";
import { createToken } from "../../src/hsm/token.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { makeSoftHsm } from "../support/softhsm.ts";

const refused = (code: number) => (error: unknown) =>
  error instanceof CryptokiError && error.code === code;

test("a token of another maker keeps secrets, and wraps with them", async (t) => {
  const soft = makeSoftHsm(t);
  const module = startModule({ ...soft, timeoutMs: 60_000 });
  t.after(() => module.close());
  const token = createToken({
    connect: () => module.connect(),
    tokenLabel: soft.label,
    random: systemRandom,
  });

  await assert.rejects(token.hmac("one", Buffer.from("data")), refused(CKR.USER_NOT_LOGGED_IN));
  await assert.rejects(token.open("wrong"), refused(CKR.PIN_INCORRECT));
  // A wrong PIN is forgotten: asking again does not use up the tries that the token has.
  await assert.rejects(token.labels(), refused(CKR.USER_NOT_LOGGED_IN));
  await token.open(soft.pin);

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

  // The process of the module dies: the next call starts it anew, and opens the token again.
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  process.kill(Number(children.trim().split(" ")[0]), "SIGKILL");
  assert.equal((await token.unwrap("one", wrapped, "root"))?.toString(), "the root");

  await token.destroyKey("one");
  await assert.rejects(token.unwrap("one", wrapped, "root"), refused(CKR.OBJECT_HANDLE_INVALID));
  assert.deepEqual(await token.labels(), ["two"]);
  await token.close();
  await assert.rejects(token.labels(), refused(CKR.USER_NOT_LOGGED_IN));
});
