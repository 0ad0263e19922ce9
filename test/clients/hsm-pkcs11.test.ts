import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openHsmPort, openHsmSocket } from "../../src/hsm-doors.ts";
import { makeAuthority } from "../support/certificates.ts";
import { clusterId, type HsmBench, startHsms } from "../support/hsm.ts";
import {
  clientModule,
  type Ran,
  runProgram,
  writeEngineConfig,
} from "../support/pkcs11-programs.ts";
import { findProgram } from "../support/programs.ts";

const [soPin, pin, label] = ["officer-pin", "alice-pin", "orders"];
const key = (id: string) => `pkcs11:token=${label};id=%${id};type=private;pin-value=${pin}`;
const complain = (line: string) => assert.fail(line);

interface Client {
  readonly directory: string;
  /** Runs a program that must succeed; answers what it printed. */
  run(name: string, ...words: readonly string[]): Promise<string>;
  attempt(name: string, ...words: readonly string[]): Promise<Ran>;
  /** pkcs11-tool, logged in as the user. */
  tool(...words: readonly string[]): Promise<string>;
}

/** A directory of a user whose programs find the HSMs by a PKCS#11 module and its environment. */
function clientOf(directory: string, module: string, given: Record<string, string>): Client {
  const env = {
    ...given,
    OPENSSL_CONF: writeEngineConfig(directory, module),
    GNUTLS_PIN: pin,
    GNUTLS_SO_PIN: soPin,
  };
  const attempt = (name: string, ...words: readonly string[]) =>
    runProgram(name, words, env, directory);
  async function run(name: string, ...words: readonly string[]): Promise<string> {
    const { status, stdout, said } = await attempt(name, ...words);
    assert.equal(status, 0, `${name} ${words.join(" ")}: ${said}${stdout}`);
    return stdout.toString("utf8");
  }
  const login = ["--module", module, "--token-label", label, "--login", "--pin", pin];
  return { directory, run, attempt, tool: (...words) => run("pkcs11-tool", ...login, ...words) };
}

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-pkcs11-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "data"), "four windows of June\n");
  return directory;
}

/** The user's own socket. */
async function overSocket(t: TestContext, { cluster }: HsmBench): Promise<Client> {
  const directory = newDirectory(t);
  const path = join(directory, "hsm", "socket");
  const door = await openHsmSocket({
    connect: (peer) => cluster().connect(peer),
    path,
    log: complain,
  });
  t.after(() => door.close());
  return clientOf(directory, clientModule(), { P11_KIT_SERVER_ADDRESS: `unix:path=${path}` });
}

async function setUp({ run, directory }: Client): Promise<void> {
  const module = clientModule();
  const words = ["--module", module, "--so-pin", soPin];
  await run("pkcs11-tool", ...words, "--init-token", "--slot", "0", "--label", label);
  const initPin = ["--init-pin", "--token-label", label, "--login", "--login-type", "so"];
  await run("pkcs11-tool", ...words, ...initPin, "--pin", pin);
  assert.ok(existsSync(directory));
}

const rsaPair = ["--keypairgen", "--key-type", "rsa:2048", "--label", "rsa", "--id", "03"];
const ecPair = ["--keypairgen", "--key-type", "EC:prime256v1", "--label", "ec", "--id", "02"];
const makeAes = ["--keygen", "--key-type", "AES:32", "--label", "aes", "--id", "01"];
const makeSecret = ["--keygen", "--key-type", "GENERIC:32", "--label", "mac", "--id", "07"];
/** pkcs11-tool asks for keys that anybody may read unless it is told otherwise; such keys there are none. */
const confined = ["--sensitive", "--private"];

test("pkcs11-tool sets a partition up, makes keys and works with them", async (t) => {
  const client = await overSocket(t, await startHsms(t));
  const { run, tool, attempt, directory } = client;
  assert.match(await run("pkcs11-tool", "--module", clientModule(), "-L"), /uninitialized/);
  await setUp(client);
  assert.match(
    await run("pkcs11-tool", "--module", clientModule(), "-L"),
    /token label +: orders[\s\S]*login required, rng, token initialized[\s\S]*uninitialized/,
  );

  await tool(...rsaPair);
  await tool(...ecPair, "--usage-sign");
  await tool(...makeAes, ...confined);
  await tool(...makeSecret, ...confined, "--usage-sign");
  const listed = await tool("-O");
  for (const one of [/Private Key Object; RSA/, /Private Key Object; EC/, /AES length 32/]) {
    assert.match(listed, one);
  }
  assert.match(listed, /sensitive, always sensitive, never extractable, local/);

  const sign = ["--sign", "-i", "data", "-o", "signature"];
  const readKey = ["--read-object", "--type", "pubkey", "-o", "public.der"];
  const verify = ["-keyform", "DER", "-verify", "public.der", "-signature", "signature", "data"];
  await tool(...sign, "-m", "SHA256-RSA-PKCS", "--id", "03");
  await tool(...readKey, "--id", "03");
  assert.match(await run("openssl", "dgst", "-sha256", ...verify), /Verified OK/);
  await tool(...sign, "-m", "ECDSA-SHA1", "--id", "02", "--signature-format", "openssl");
  await tool(...readKey, "--id", "02");
  assert.match(await run("openssl", "dgst", "-sha1", ...verify), /Verified OK/);
  await tool("--sign", "-i", "data", "-o", "mac", "-m", "SHA256-HMAC", "--id", "07");
  assert.equal(readFileSync(join(directory, "mac")).length, 32);

  await tool(...readKey, "--id", "03");
  const padding = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"];
  const publicly = ["-encrypt", "-pubin", "-inkey", "public.der", "-keyform", "DER"];
  await run("openssl", "pkeyutl", ...publicly, ...padding, "-in", "data", "-out", "sealed");
  const decrypt = ["--decrypt", "-m", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA256"];
  const opened = await tool(...decrypt, "--id", "03", "-i", "sealed");
  assert.match(opened, /four windows of June/);

  writeFileSync(join(directory, "block"), "a block, 32 bytes of data, fixed");
  await tool("--encrypt", "-m", "AES-ECB", "--id", "01", "-i", "block", "-o", "sealed");
  await tool("--decrypt", "-m", "AES-ECB", "--id", "01", "-i", "sealed", "-o", "opened");
  assert.equal(readFileSync(join(directory, "opened"), "utf8"), "a block, 32 bytes of data, fixed");

  assert.match(
    await tool("--test-ec", "--id", "08", "--key-type", "EC:prime256v1", "--session-rw"),
    /OK/,
  );
  assert.match(await tool("--test"), /No errors/);
  await tool("--delete-object", "--type", "secrkey", "--id", "07");
  assert.doesNotMatch(await tool("-O"), /Generic secret/);

  const words = ["--module", clientModule(), "--token-label", label, "--login", "-O", "--pin"];
  const wrong = await attempt("pkcs11-tool", ...words, "wrong-pin");
  assert.match(wrong.said, /CKR_PIN_INCORRECT/);
});

test("p11tool and OpenSSL's engine sign and decrypt with keys that stay in the HSM", async (t) => {
  const client = await overSocket(t, await startHsms(t));
  const { run, tool, directory } = client;
  await setUp(client);
  const provider = ["--provider", clientModule()];
  assert.match(await run("p11tool", ...provider, "--list-tokens"), /token=orders/);
  const generate = ["--login", "--label", "gnutls", "--id", "20", `pkcs11:token=${label}`];
  const outfile = ["--outfile", "gnutls.pem"];
  await run(
    "p11tool",
    ...provider,
    "--generate-ecc",
    "--curve",
    "secp384r1",
    ...generate,
    ...outfile,
  );
  assert.match(readFileSync(join(directory, "gnutls.pem"), "utf8"), /PUBLIC KEY/);
  const all = await run("p11tool", ...provider, "--login", "--list-all", `pkcs11:token=${label}`);
  assert.match(all, /Private key \(EC\/ECDSA-SECP384R1\)[\s\S]*CKA_NEVER_EXTRACTABLE/);

  await tool(...rsaPair);
  await tool(...ecPair);
  const engine = ["-engine", "pkcs11", "-keyform", "engine"];
  for (const [id, name] of [
    ["03", "rsa"],
    ["02", "ec"],
  ] as const) {
    const subject = ["-subj", `/CN=${name}`, "-days", "10", "-out", `${name}.pem`];
    await run("openssl", "req", "-x509", "-new", ...engine, "-key", key(id), ...subject);
    await run("openssl", "verify", "-CAfile", `${name}.pem`, `${name}.pem`);
    const signing = ["-sign", "-nodetach", "-inkey", key(id), "-signer", `${name}.pem`];
    await run("openssl", "cms", ...signing, ...engine, "-in", "data", "-out", "signed.pem");
    const checking = ["-CAfile", `${name}.pem`, "-purpose", "any", "-in", "signed.pem"];
    assert.match(await run("openssl", "cms", "-verify", ...checking), /four windows of June/);
  }
  // Encrypting is for who has no HSM: without the engine.
  const plainly = { OPENSSL_CONF: "/dev/null" };
  const oaep = ["-recip", "rsa.pem", "-keyopt", "rsa_padding_mode:oaep", "-out", "sealed.pem"];
  const encrypt = ["cms", "-encrypt", "-aes256", "-in", "data", ...oaep];
  assert.equal((await runProgram("openssl", encrypt, plainly, directory)).status, 0);
  const decrypt = ["-decrypt", ...engine, "-inkey", key("03"), "-recip", "rsa.pem"];
  const opened = await run("openssl", "cms", ...decrypt, "-in", "sealed.pem");
  assert.match(opened, /four windows of June/);
});

/** The port of the HSMs, and an application with a certificate of the cluster's owner. */
async function overTls(t: TestContext, { cluster }: HsmBench) {
  const authority = makeAuthority(t, "owner");
  const shown = { ...authority.issue(clusterId), ca: authority.cert };
  const door = await openHsmPort({
    ...{ host: "127.0.0.1", port: 0, log: complain },
    clusterTls: (id) => (id === clusterId ? shown : undefined),
    connect: (_id, peer) => cluster().connect(peer),
  });
  t.after(() => door.close());
  return { authority, application: authority.issue("application"), port: door.port };
}

/** A socket of socat's, each connection to which it carries on to an address; where programs find it. */
async function tunnel(t: TestContext, directory: string, address: string) {
  const path = join(directory, "tunnel");
  const words = [`UNIX-LISTEN:${path},fork,mode=0600`, address];
  const socat = spawn(findProgram("socat"), words, { stdio: "ignore" });
  t.after(() => socat.kill());
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
  return clientOf(directory, clientModule(), { P11_KIT_SERVER_ADDRESS: `unix:path=${path}` });
}

test("over mutual TLS: `bondstore hsm connect`", async (t) => {
  const bench = await startHsms(t);
  await setUp(await overSocket(t, bench));
  const { authority, application, port } = await overTls(t, bench);
  const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
  const { certFile, keyFile } = application;
  const command = (cluster: string) => [
    ...[process.execPath, main, "hsm", "connect"],
    ...["--endpoint", `127.0.0.1:${port}`, "--cluster", cluster],
    ...["--cert", certFile, "--key", keyFile, "--ca", authority.certFile],
  ];

  const directory = newDirectory(t);
  const script = join(directory, "connect");
  writeFileSync(script, `#!/bin/sh\nexec ${command(clusterId).join(" ")}\n`, { mode: 0o700 });
  const client = await tunnel(t, directory, `EXEC:${script}`);
  await client.tool(...ecPair);
  assert.match(await client.tool("-O"), /Private Key Object; EC/);
  assert.match(JSON.stringify(bench.events), /CN=application/, "the trail names the certificate");

  const [node = "", ...words] = command("cluster-of-nobody");
  const nobody = await runProgram(node, words, {}, directory);
  assert.equal(nobody.status, 1);
  assert.match(nobody.said, /no connection to cluster-of-nobody/);
});

test("over mutual TLS: socat before p11-kit-client.so", async (t) => {
  const bench = await startHsms(t);
  await setUp(await overSocket(t, bench));
  const { authority, application, port } = await overTls(t, bench);
  const { certFile, keyFile } = application;
  const shown = `cert=${certFile},key=${keyFile},cafile=${authority.certFile}`;
  const named = `snihost=${clusterId},commonname=${clusterId}`;
  const address = `OPENSSL:127.0.0.1:${port},${shown},${named}`;
  const client = await tunnel(t, newDirectory(t), address);
  await client.tool(...rsaPair);
  assert.match(await client.tool("-O"), /Private Key Object; RSA/);
});
