import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { openForwarder } from "./forwarder.ts";

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "way-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function portOf(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return address.port;
}

/** What comes back until the other side hangs up. */
function asked(socket: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let told = "";
    const link = connect({ path: socket });
    link.on("data", (piece) => {
      told += piece;
    });
    link.on("error", () => {});
    link.on("close", () => resolve(told));
    link.write(text);
  });
}

test("a way out carries bytes to one address, and is gone when it is closed", async (t) => {
  const server = createServer((link) => link.once("data", (piece) => link.end(`told ${piece}`)));
  const port = await portOf(t, server);
  const socket = join(directoryOf(t), "way.sock");
  const way = await openForwarder(socket, { host: "127.0.0.1", port, tls: false });
  assert.equal(await asked(socket, "this"), "told this");
  way.close();
  assert.equal(await asked(socket, "this"), "");
});

/** A server that is `localhost`, and answers how it was greeted. */
async function tlsServerIn(t: TestContext, directory: string) {
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const about = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...words, ...about], { stdio: "ignore" });
  const heard: string[] = [];
  const identity = { key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ["h2"] };
  const server = createTlsServer(identity, (link) => {
    link.on("error", () => {});
    link.on("data", (piece) => {
      heard.push(`${piece}`);
      link.end(`${link.alpnProtocol} told ${piece}`);
    });
  });
  server.on("tlsClientError", () => {});
  return { cert, heard, port: await portOf(t, server) };
}

test("who proves its name is told over TLS, and who has another name is not", async (t) => {
  const directory = directoryOf(t);
  const { cert, heard, port } = await tlsServerIn(t, directory);
  const socketTo = (host: string) => join(directory, `${host}.sock`);
  // Whom to trust is read when a process starts.
  const program = `
    const { openForwarder } = await import(${JSON.stringify(new URL("./forwarder.js", import.meta.url))});
    for (const host of ["localhost", "127.0.0.1"]) {
      await openForwarder(${JSON.stringify(directory)} + "/" + host + ".sock", { host, port: ${port}, tls: true });
    }
    console.log("open");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { NODE_EXTRA_CA_CERTS: cert },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  await once(child.stdout, "data");
  assert.equal(await asked(socketTo("localhost"), "this"), "h2 told this");
  assert.equal(await asked(socketTo("127.0.0.1"), "a secret"), "");
  assert.deepEqual(heard, ["this"]);
});

test("who cannot prove its name is told nothing", async (t) => {
  const directory = directoryOf(t);
  const { heard, port } = await tlsServerIn(t, directory);
  const socket = join(directory, "way.sock");
  const way = await openForwarder(socket, { host: "localhost", port, tls: true });
  t.after(() => way.close());
  assert.equal(await asked(socket, "a secret"), "");
  assert.deepEqual(heard, []);
});
