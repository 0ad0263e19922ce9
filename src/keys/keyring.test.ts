import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { memoryCluster, memoryToken } from "../../test/support/memory-token.ts";
import { systemRandom } from "../lib/random.ts";
import { Corruption } from "../storage/store.ts";
import { openKeyring } from "./keyring.ts";
import { openRoot, RootLocked, type Unlock } from "./root-of-trust.ts";

const account = "111122223333";
const token = memoryToken(account);
const plain = Buffer.from("orders of acme");
const bound = Buffer.from("table orders");

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-keys-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function start(directory: string, unlock?: Unlock, create = true) {
  const root = await openRoot({
    directory,
    unlock: unlock ?? { kind: "key-file", path: join(directory, "unlock.key") },
    random: systemRandom,
    create,
    openToken: async () => {
      const open = token.find(account, memoryCluster);
      assert.ok(open, "there is a token");
      return open.open(token.password);
    },
  });
  return openKeyring({ directory, root, random: systemRandom, create });
}

test("what one process sealed, the next one opens", async (t) => {
  const directory = folder(t);
  const first = await start(directory);
  const sealer = first.current(account);
  const sealed = sealer.seal(plain, bound);
  const second = await start(directory);
  assert.deepEqual(second.find(account, sealer.id)?.open(sealed, bound), plain);
  assert.deepEqual(second.indexKey, first.indexKey);
  assert.notEqual(second.current(account).id, sealer.id, "a data key never seals in two processes");
});

test("a data key of an earlier process does not seal", async (t) => {
  const directory = folder(t);
  const { id } = (await start(directory)).current(account);
  const old = (await start(directory)).find(account, id);
  assert.throws(() => old?.seal(plain, bound), /only opens/);
});

test("no nonce comes twice", async (t) => {
  const sealer = (await start(folder(t))).current(account);
  const nonces = new Set<string>();
  for (let round = 0; round < 1000; round += 1) {
    nonces.add(sealer.seal(plain, bound).subarray(0, 12).toString("hex"));
  }
  assert.equal(nonces.size, 1000);
});

test("any altered byte, and any other binding, is corruption", async (t) => {
  const sealer = (await start(folder(t))).current(account);
  const sealed = sealer.seal(plain, bound);
  for (let at = 0; at < sealed.length; at += 1) {
    const altered = Buffer.from(sealed);
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.throws(() => sealer.open(altered, bound), Corruption);
  }
  assert.throws(() => sealer.open(sealed, Buffer.from("table refunds")), Corruption);
  assert.throws(() => sealer.open(sealed.subarray(0, 20), bound), Corruption);
});

test("another account's keys open nothing", async (t) => {
  const keyring = await start(folder(t));
  const sealer = keyring.current(account);
  keyring.current("444455556666");
  assert.equal(keyring.find("444455556666", sealer.id), undefined);
  const wrapped = keyring.wrap(account, plain, "version 1");
  assert.deepEqual(keyring.unwrap(account, wrapped, "version 1"), plain);
  assert.equal(keyring.unwrap(account, wrapped, "version 2"), undefined);
  assert.equal(keyring.unwrap("444455556666", wrapped, "version 1"), undefined);
});

test("a line torn by a crash is dropped, and the next key is whole", async (t) => {
  const directory = folder(t);
  const { id } = (await start(directory)).current(account);
  appendFileSync(join(directory, "keys", account), "data torn AAAA");
  const second = await start(directory);
  assert.equal(second.find(account, "torn"), undefined);
  const next = second.current(account).id;
  const third = await start(directory);
  assert.ok(third.find(account, id));
  assert.ok(third.find(account, next));
});

test("a destroyed account stays unreadable", async (t) => {
  const directory = folder(t);
  const keyring = await start(directory);
  const { id } = keyring.current(account);
  keyring.destroy(account);
  assert.equal(keyring.find(account, id), undefined);
  assert.equal((await start(directory)).find(account, id), undefined);
});

test("key files are for their owner only and hold no key in clear", async (t) => {
  const directory = folder(t);
  const keyring = await start(directory);
  keyring.current(account);
  for (const name of ["root.key", "unlock.key", "keys/system", `keys/${account}`]) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
  const unlock = readFileSync(join(directory, "unlock.key"));
  assert.ok(!readFileSync(join(directory, "root.key")).includes(unlock.toString("base64")));
});

test("the wrong passphrase, key file or kind opens nothing", async (t) => {
  const directory = folder(t);
  const right = { kind: "passphrase", passphrase: "correct horse" } as const;
  const { id } = (await start(directory, right)).current(account);
  const { scrypt } = JSON.parse(readFileSync(join(directory, "root.key"), "utf8"));
  assert.deepEqual(scrypt, [131_072, 8, 1], "a guess costs about 128 MiB");
  await assert.rejects(start(directory, { ...right, passphrase: "battery" }), RootLocked);
  await assert.rejects(start(directory), /locked by a passphrase, not by a key-file/);
  assert.ok((await start(directory, right)).find(account, id));

  const other = folder(t);
  await start(other);
  writeFileSync(join(other, "unlock.key"), Buffer.alloc(32));
  await assert.rejects(start(other), RootLocked);
  rmSync(join(other, "unlock.key"));
  await assert.rejects(start(other), /missing/);
});

test("a tool that only reads makes no root", async (t) => {
  await assert.rejects(start(folder(t), undefined, false), /there is no root of trust/);
});

test("a tool that only reads makes no keys either", async (t) => {
  const directory = folder(t);
  const { id } = (await start(directory)).current(account);
  const reader = await start(directory, undefined, false);
  assert.ok(reader.find(account, id));
  assert.throws(() => reader.current("444455556666"), /there are no keys of account/);
});

test("a systemd credential opens the root, and must be there", async (t) => {
  const directory = folder(t);
  const path = join(directory, "credential");
  await assert.rejects(start(directory, { kind: "systemd-credential", path }), /is missing/);
  writeFileSync(path, "short");
  await assert.rejects(start(directory, { kind: "systemd-credential", path }), /shorter/);
  writeFileSync(path, systemRandom.bytes(32));
  const { id } = (await start(directory, { kind: "systemd-credential", path })).current(account);
  assert.ok((await start(directory, { kind: "systemd-credential", path })).find(account, id));
});

test("a key in a token opens the root, is made once, and without the token nothing opens", async (t) => {
  const directory = folder(t);
  const unlock = { kind: "pkcs11-token", module: "m", token: "ours", pinFile: "p" } as const;
  const { id } = (await start(directory, unlock)).current(account);
  assert.equal(token.secrets.size, 1);
  assert.ok((await start(directory, unlock)).find(account, id));
  const [[label, secret] = ["", Buffer.alloc(0)]] = [...token.secrets];
  token.secrets.set(label, Buffer.alloc(32));
  await assert.rejects(start(directory, unlock), RootLocked);
  token.secrets.delete(label);
  await assert.rejects(start(directory, unlock), RootLocked);
  assert.equal(token.secrets.size, 0, "a token that has lost the key gets no other");
  token.secrets.set(label, secret);
  token.fault = "NETWORK_ERRORS";
  await assert.rejects(start(directory, unlock), RootLocked);
  token.fault = undefined;
  assert.ok((await start(directory, unlock)).find(account, id));
});
