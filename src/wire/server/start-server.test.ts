import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  createAuthority,
  issueServerCertificate,
  localNames,
} from "../../identity/certificates/authority.ts";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import { type Listen, startServer } from "./start-server.ts";

const text = (body: string, status = 200): HttpResponse => ({
  status,
  headers: { "Content-Type": "text/plain" },
  body: Buffer.from(body),
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from("some");
  throw new Error("the disk is gone");
}

async function answer(request: HttpRequest): Promise<HttpResponse> {
  switch (request.path) {
    case "/throws":
      throw new Error("our own mistake");
    case "/unread":
      return text("refused", 403);
    case "/broken":
      return { status: 200, headers: {}, body: broken() };
    case "/endless":
      return { status: 200, headers: {}, body: endless() };
    case "/streamed": {
      let size = 0;
      for await (const part of request.body) size += part.length;
      return text(String(size));
    }
    default: {
      const body = await request.readAll(1_000_000);
      const { method, path, query, peer } = request;
      return text(`${method} ${path} ${query} ${body} ${peer.secure} ${request.header("host")}`);
    }
  }
}

async function start(t: TestContext, listen: Listen = { host: "127.0.0.1", port: 0 }) {
  const faults: unknown[] = [];
  const server = await startServer({ listen, handle: answer, onFault: (e) => faults.push(e) });
  t.after(() => server.close(0));
  return { ...server, faults, url: `http://127.0.0.1:${server.port}` };
}

async function askHttp2(session: ClientHttp2Session, path: string, body: string): Promise<string> {
  const stream = session.request({ ":path": path, ":method": "POST", ":authority": "localhost" });
  stream.end(body);
  let got = "";
  for await (const part of stream) got += part;
  return got;
}

test("HTTP/1.1 and HTTP/2 share a port in clear text", async (t) => {
  const { url } = await start(t);
  const response = await fetch(`${url}/a?b=c`, { method: "POST", body: "hello" });
  assert.match(await response.text(), /^POST \/a b=c hello false 127/);

  const session = connectHttp2(url);
  t.after(() => session.close());
  assert.equal(await askHttp2(session, "/a?b=c", "hello"), "POST /a b=c hello false localhost");
  assert.equal(await askHttp2(session, "/streamed", "x".repeat(3_000_000)), "3000000");
});

test("a preface that comes in pieces is recognised", async (t) => {
  const { port } = await start(t);
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("P");
  await new Promise((resolve) => setTimeout(resolve, 20));
  const response = new Promise<string>((resolve) => socket.once("data", (d) => resolve(String(d))));
  socket.write("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  assert.match(await response, /^HTTP\/1\.1 200 OK/);
});

test("TLS offers both versions by ALPN, under the authority's certificate", async (t) => {
  const sources = { clock: systemClock, random: systemRandom };
  const authority = createAuthority(sources, []);
  const tls = issueServerCertificate(sources, authority, localNames);
  const { port } = await start(t, { host: "127.0.0.1", port: 0, tls });
  const got = await new Promise<string>((resolve, reject) => {
    requestHttps({ host: "localhost", port, path: "/x", ca: authority.cert }, (response) => {
      response.once("data", (data) => resolve(String(data)));
    })
      .on("error", reject)
      .end();
  });
  assert.equal(got, `GET /x   true localhost:${port}`);
  const session = connectHttp2(`https://localhost:${port}`, { ca: authority.cert });
  t.after(() => session.close());
  assert.equal(await askHttp2(session, "/", "hi"), "POST /  hi true localhost");
  assert.equal(session.alpnProtocol, "h2");
});

test("a socket of the file system has one peer, and is its owner's alone", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "socket-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const socketPath = join(folder, "door.sock");
  await start(t, { socketPath, peer: { ip: "10.0.0.1", secure: true, cell: "c1" } });
  assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  const got = await new Promise<string>((resolve) => {
    requestHttp({ socketPath, path: "/", headers: { host: "door" } }, (response) => {
      response.once("data", (data) => resolve(String(data)));
    }).end();
  });
  assert.equal(got, "GET /   true door");
});

test("what a handler throws is a status 500 without words, and the server goes on", async (t) => {
  const { url, faults } = await start(t);
  const response = await fetch(`${url}/throws`);
  assert.equal(response.status, 500);
  assert.equal(await response.text(), "");
  assert.equal(faults.length, 1);
  assert.equal((await fetch(url)).status, 200);
});

test("an answer before the body is read arrives, however long the body", async (t) => {
  const { url } = await start(t);
  for (const size of [1_000, 5_000_000]) {
    const response = await fetch(`${url}/unread`, { method: "POST", body: "x".repeat(size) });
    assert.equal(response.status, 403);
    assert.equal(await response.text(), "refused");
  }
});

test("a client that waits for 100 Continue gets it when its body is wanted, and only then", async (t) => {
  const { port } = await start(t);
  const ask = (path: string) =>
    new Promise<{ readonly continued: boolean; readonly status: number | undefined }>((resolve) => {
      let continued = false;
      const headers = { expect: "100-continue", "content-length": "2" };
      const request = requestHttp({ port, path, method: "POST", headers });
      request.on("continue", () => {
        continued = true;
        request.end("hi");
      });
      request.on("response", (response) => {
        response.resume();
        resolve({ continued, status: response.statusCode });
      });
      request.on("error", () => {});
      request.flushHeaders();
      t.after(() => request.destroy());
    });
  assert.deepEqual(await ask("/"), { continued: true, status: 200 });
  assert.deepEqual(await ask("/unread"), { continued: false, status: 403 });
});

test("a streamed answer that breaks is seen as cut", async (t) => {
  const { url } = await start(t);
  await assert.rejects(async () => (await fetch(`${url}/broken`)).text());
});

test("a client that leaves ends the answer, and closing waits no longer than its grace", async (t) => {
  const server = await startServer({ listen: { host: "127.0.0.1", port: 0 }, handle: answer });
  t.after(() => server.close(0));
  const response = await fetch(`http://127.0.0.1:${server.port}/endless`);
  assert.equal(response.status, 200);
  await server.close(50);
  await assert.rejects(async () => (await response.arrayBuffer()).byteLength);
});
