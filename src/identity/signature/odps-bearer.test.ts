import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credentials } from "../directory.ts";
import { signBearer, verifyBearer } from "./odps-bearer.ts";

const nowMs = Date.UTC(2026, 0, 1);
const maker: Credentials = {
  ...{ accessKeyId: "ak", secret: "sk", active: true },
  principal: { kind: "root", account: "1", arn: "arn", id: "1", tags: {} },
};
const made = signBearer(maker, { policy: "{}", expiresAtMs: nowMs + 1000 });
const clock = (ms: number) => ({ now: () => ms });
const find = (key: Credentials) => (id: string) => (id === key.accessKeyId ? key : undefined);
const refused = { code: "ODPS-0410051" };

test("a token stands for its maker, bound to its policy", () => {
  const principal = verifyBearer(made, find(maker), clock(nowMs));
  assert.ok("session" in principal);
  assert.equal(principal.session?.bearerPolicy, "{}");
});

test("a token ends in its time, and with its maker's key", () => {
  assert.throws(() => verifyBearer(made, find(maker), clock(nowMs + 1000)), refused);
  assert.throws(() => verifyBearer(made, find({ ...maker, active: false }), clock(nowMs)), refused);
  assert.throws(() => verifyBearer(made, find({ ...maker, secret: "new" }), clock(nowMs)), refused);
});

test("nobody writes a token, or another policy into one", () => {
  const [, text = "", mac = ""] = made.split(".");
  const told = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as object;
  const wider = Buffer.from(JSON.stringify({ ...told, policy: "all" })).toString("base64url");
  const forged = [`bst.${wider}.${mac}`, `bst.${text}.${"A".repeat(43)}`, "", "bst.", `${made}x`];
  for (const token of forged) {
    assert.throws(() => verifyBearer(token, find(maker), clock(nowMs)), refused);
  }
});
