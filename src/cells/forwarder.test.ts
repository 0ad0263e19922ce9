import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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

test("who cannot prove its name is told nothing", async (t) => {
  const directory = directoryOf(t);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const about = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...words, ...about], { stdio: "ignore" });
  const heard: string[] = [];
  const identity = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createTlsServer(identity, (link) => {
    link.on("data", (piece) => void heard.push(`${piece}`));
    link.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  const port = await portOf(t, server);
  const socket = join(directory, "way.sock");
  const way = await openForwarder(socket, { host: "127.0.0.1", port, tls: true });
  t.after(() => way.close());
  assert.equal(await asked(socket, "a secret"), "");
  assert.deepEqual(heard, []);
});
