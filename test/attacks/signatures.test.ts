import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { connect } from "node:net";
import { after, test } from "node:test";
import type { Credentials } from "../../src/identity/directory.ts";
import { wordRefusal } from "../../src/identity/signature/refusals.ts";
import { verifySignature } from "../../src/identity/signature/verify.ts";
import { ServiceError } from "../../src/lib/service-error.ts";
import type { HttpRequest, HttpResponse } from "../../src/wire/http.ts";
import { openPayload } from "../../src/wire/payload.ts";
import { startServer } from "../../src/wire/server/start-server.ts";
import { type SignedParts, sha256, signRequest, type ToSign } from "../support/sign-request.ts";

/** Invariant: no request runs unless its signature, its time, its token and its whole body fit. */

const now = Date.UTC(2026, 10, 2, 12);
const minute = 60_000;
const principal = { kind: "anonymous" } as const;
const alice: Credentials = {
  accessKeyId: "AKIAALICE",
  secret: "alice's secret",
  active: true,
  principal,
};
const session: Credentials = {
  accessKeyId: "ASIASESSION",
  secret: "the session's secret",
  token: "the token of the session",
  expiresAtMs: now + 5 * minute,
  active: true,
  principal,
};
const ended = { ...session, accessKeyId: "ASIAENDED", expiresAtMs: now - 1 };
const disabled = { ...alice, accessKeyId: "AKIADISABLED", active: false };
const all = new Map([alice, session, ended, disabled].map((key) => [key.accessKeyId, key]));

let admitSignatureV2 = false;

/** What the front door does, without services behind it: says who came and what they brought. */
async function handle(request: HttpRequest): Promise<HttpResponse> {
  const isS3 = request.path !== "/kms";
  try {
    const options = {
      find: (id: string) => all.get(id),
      clock: { now: () => now },
      region: "us-east-1",
      admitSignatureV2,
    };
    const body = isS3 ? undefined : await request.readAll(1_000_000);
    const verified = verifySignature(request, options, body);
    const bytes = body ?? (await openPayload(request, verified.payload).readAll(1_000_000));
    const who = verified.kind === "signed" ? verified.accessKeyId : "nobody";
    return { status: 200, headers: {}, body: Buffer.from(`${who} ${bytes.length}`) };
  } catch (error) {
    const worded = wordRefusal(error, isS3 ? "s3" : "json")?.error ?? error;
    const code = worded instanceof ServiceError ? worded.code : "InternalFailure";
    return { status: 403, headers: {}, body: Buffer.from(code) };
  }
}

const server = await startServer({ listen: { host: "127.0.0.1", port: 0 }, handle });
after(() => server.close(0));

/** Sends bytes as they are and returns the body of the answer, or its status line where there is no body. */
function sendRaw(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      got += data;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      const [head = "", body = ""] = got.split("\r\n\r\n");
      resolve(body || head.split("\r\n", 1).join(""));
    });
  });
}

function send(
  method: string,
  { target, headers }: Pick<SignedParts, "target" | "headers">,
  body: string | Uint8Array = "",
  more: readonly string[] = [],
): Promise<string> {
  const bytes = Buffer.from(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const length = more.some((line) => line.startsWith("Content-Length"))
    ? []
    : [`Content-Length: ${bytes.length}`];
  const head = [`${method} ${target} HTTP/1.1`, ...lines, ...more, ...length, "Connection: close"];
  return sendRaw(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes]));
}

const host = "localhost";
const body = "forty-two bytes that nobody may change....";

function put(changes: Partial<ToSign> = {}): SignedParts {
  const payloadHash = changes.payloadHash ?? sha256(body);
  return signRequest({
    method: "PUT",
    target: "/bucket/key",
    accessKeyId: alice.accessKeyId,
    secret: alice.secret,
    timeMs: now,
    payloadHash,
    ...changes,
    headers: { host, "x-amz-content-sha256": payloadHash, ...changes.headers },
  });
}

function kms(changes: Partial<ToSign> = {}): SignedParts {
  const headers = { host, "x-amz-target": "TrentService.Decrypt", ...changes.headers };
  return put({ method: "POST", target: "/kms", service: "kms", ...changes, headers });
}

function url(changes: Partial<ToSign> = {}): SignedParts {
  const parts = signRequest({
    method: "GET",
    target: "/bucket/key",
    accessKeyId: alice.accessKeyId,
    secret: alice.secret,
    timeMs: now,
    payloadHash: "UNSIGNED-PAYLOAD",
    expiresSeconds: 60,
    headers: { host },
    ...changes,
  });
  return parts;
}

const flip = (text: string) =>
  text.endsWith("0") ? `${text.slice(0, -1)}1` : `${text.slice(0, -1)}0`;

function withHeader(parts: SignedParts, name: string, change: (value: string) => string) {
  return { ...parts, headers: { ...parts.headers, [name]: change(parts.headers[name] ?? "") } };
}

const of = ({ accessKeyId, secret, token }: Credentials): Partial<ToSign> => ({
  accessKeyId,
  secret,
  ...(token === undefined ? {} : { token }),
});

type Row = readonly [title: string, expected: string, attempt: () => Promise<string>];

const rows: readonly Row[] = [
  ["an honest request passes", "AKIAALICE 42", () => send("PUT", put(), body)],
  ["an honest call passes", "AKIAALICE 42", () => send("POST", kms(), body)],
  ["an honest session passes", "ASIASESSION 42", () => send("PUT", put(of(session)), body)],
  ["an honest URL passes", "AKIAALICE 0", () => send("GET", url())],
  [
    "a flipped byte of an object",
    "XAmzContentSHA256Mismatch",
    () => send("PUT", put(), body.replace("b", "B")),
  ],
  [
    "a flipped byte of a call",
    "InvalidSignatureException",
    () => send("POST", kms(), body.replace("b", "B")),
  ],
  [
    "a call that leaves its body unsigned",
    "InvalidSignatureException",
    () => send("POST", kms({ payloadHash: "UNSIGNED-PAYLOAD" }), body),
  ],
  [
    "a flipped signature",
    "SignatureDoesNotMatch",
    () => send("PUT", withHeader(put(), "authorization", flip), body),
  ],
  [
    "a signature in capitals is not the signature",
    "SignatureDoesNotMatch",
    () =>
      send(
        "PUT",
        withHeader(put(), "authorization", (value) =>
          value.replace(/[0-9a-f]{64}$/, (hex) => hex.toUpperCase()),
        ),
        body,
      ),
  ],
  ["another method", "SignatureDoesNotMatch", () => send("POST", put(), body)],
  [
    "another object",
    "SignatureDoesNotMatch",
    () => send("PUT", { ...put(), target: "/bucket/kez" }, body),
  ],
  [
    "another query",
    "SignatureDoesNotMatch",
    () => send("PUT", { ...put(), target: "/bucket/key?acl" }, body),
  ],
  [
    "another host",
    "SignatureDoesNotMatch",
    () =>
      send(
        "PUT",
        withHeader(put(), "host", () => "other"),
        body,
      ),
  ],
  [
    "an x-amz-target that is not signed",
    "InvalidSignatureException",
    () => send("POST", kms({ unsigned: ["x-amz-target"] }), body),
  ],
  [
    "an x-amz-acl added on the way",
    "AccessDenied",
    () => send("PUT", put(), body, ["x-amz-acl: public-read"]),
  ],
  [
    "a host that is not signed",
    "AccessDenied",
    () => send("PUT", put({ unsigned: ["host"] }), body),
  ],
  ["two hosts", "HTTP/1.1 400 Bad Request", () => send("PUT", put(), body, ["Host: other"])],
  [
    "two equal hosts",
    "HTTP/1.1 400 Bad Request",
    () => send("PUT", put(), body, [`Host: ${host}`]),
  ],
  [
    "an unknown key",
    "InvalidAccessKeyId",
    () => send("PUT", put({ accessKeyId: "AKIANOBODY" }), body),
  ],
  ["a disabled key", "InvalidAccessKeyId", () => send("PUT", put(of(disabled)), body)],
  [
    "a replay after 15 minutes",
    "RequestTimeTooSkewed",
    () => send("PUT", put({ timeMs: now - 15 * minute - 1000 }), body),
  ],
  [
    "a request from the future",
    "RequestTimeTooSkewed",
    () => send("PUT", put({ timeMs: now + 15 * minute + 1000 }), body),
  ],
  [
    "a call replayed after 15 minutes",
    "InvalidSignatureException",
    () => send("POST", kms({ timeMs: now - 16 * minute }), body),
  ],
  ["a URL past its time", "AccessDenied", () => send("GET", url({ timeMs: now - 61_000 }))],
  [
    "a URL whose time somebody prolonged",
    "SignatureDoesNotMatch",
    () => {
      const target = url().target.replace("X-Amz-Expires=60", "X-Amz-Expires=600");
      return send("GET", { target, headers: { host } });
    },
  ],
  [
    "a URL of more than a week",
    "AuthorizationQueryParametersError",
    () => send("GET", url({ expiresSeconds: 604_801 })),
  ],
  [
    "a URL of no time",
    "AuthorizationQueryParametersError",
    () => send("GET", url({ expiresSeconds: 0 })),
  ],
  ["a URL before its time", "AccessDenied", () => send("GET", url({ timeMs: now + 16 * minute }))],
  [
    "a URL with a parameter given twice",
    "AuthorizationQueryParametersError",
    () => {
      const target = `${url().target}&X-Amz-Expires=600`;
      return send("GET", { target, headers: { host } });
    },
  ],
  [
    "a URL and a header, each signed",
    "InvalidArgument",
    () => send("PUT", { ...put(), target: url().target }, body),
  ],
  [
    "a session without its token",
    "InvalidAccessKeyId",
    () => send("PUT", put({ accessKeyId: session.accessKeyId, secret: session.secret }), body),
  ],
  [
    "a session with a foreign token",
    "InvalidToken",
    () => send("PUT", put({ ...of(session), token: "a token of another" }), body),
  ],
  [
    "a session in a URL with a foreign token",
    "InvalidToken",
    () => send("GET", url({ ...of(session), token: "a token of another" })),
  ],
  ["a session that has ended", "ExpiredToken", () => send("PUT", put(of(ended)), body)],
  [
    "a long-term key with a token",
    "InvalidToken",
    () => send("PUT", put({ token: "any token" }), body),
  ],
  [
    "a token that is not signed",
    "AccessDenied",
    () => send("PUT", put({ ...of(session), unsigned: ["x-amz-security-token"] }), body),
  ],
  [
    "a scope of another region",
    "AuthorizationHeaderMalformed",
    () => send("PUT", put({ region: "eu-west-1" }), body),
  ],
  [
    "an object without the hash of its body",
    "InvalidRequest",
    () => {
      const { "x-amz-content-sha256": _, ...headers } = put().headers;
      const authorization = (headers["authorization"] ?? "").replace("x-amz-content-sha256;", "");
      return send("PUT", { target: "/bucket/key", headers: { ...headers, authorization } }, body);
    },
  ],
  [
    "a signature of version 2",
    "InvalidRequest",
    () =>
      send("GET", {
        target: "/bucket/key?AWSAccessKeyId=AKIAALICE&Signature=AAAA&Expires=1793620860",
        headers: { host },
      }),
  ],
  [
    "Content-Length beside Transfer-Encoding",
    "HTTP/1.1 400 Bad Request",
    () =>
      send("PUT", put(), "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", [
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
      ]),
  ],
  [
    "two lengths",
    "HTTP/1.1 400 Bad Request",
    () => send("PUT", put(), body, ["Content-Length: 42", "Content-Length: 1"]),
  ],
  [
    "a header folded over two lines",
    "HTTP/1.1 400 Bad Request",
    () => send("PUT", put(), body, ["x-note: one\r\n two"]),
  ],
  [
    "headers of 40 KiB",
    "HTTP/1.1 431 Request Header Fields Too Large",
    () => send("PUT", put(), body, [`x-note: ${"a".repeat(40_960)}`]),
  ],
  [
    "300 headers",
    "HTTP/1.1 431 Request Header Fields Too Large",
    () =>
      send(
        "PUT",
        put(),
        body,
        Array.from({ length: 300 }, (_, at) => `x-note-${at}: a`),
      ),
  ],
];

for (const [title, expected, attempt] of rows) {
  test(`signatures: ${title} → ${expected}`, async () => {
    assert.equal(await attempt(), expected);
  });
}

/** An upload in signed chunks, changed on its way by `change`. */
function upload(change: (encoded: string) => string): Promise<string> {
  const parts = put({
    payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    headers: {
      "x-amz-decoded-content-length": "9000",
      "x-amz-trailer": "x-amz-checksum-sha256",
    },
  });
  const chunks = [Buffer.alloc(8192, "a"), Buffer.alloc(808, "a"), Buffer.alloc(0)];
  const encoded = chunks.map((chunk) => {
    const head = `${chunk.length.toString(16)};chunk-signature=${parts.signChunk(chunk)}\r\n`;
    return chunk.length === 0 ? head : `${head}${chunk}\r\n`;
  });
  const digest = Buffer.from(sha256("a".repeat(9000)), "hex").toString("base64");
  const line = `x-amz-checksum-sha256:${digest}`;
  const signature = parts.signTrailer(`${line}\n`);
  const trailer = `${line}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
  return send("PUT", parts, change(`${encoded.join("")}${trailer}`));
}

/** An upload whose chunks are not signed, as SDKs send it over TLS. */
function uploadUnsigned(trailer: string, length = "5"): Promise<string> {
  const parts = put({
    payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    headers: { "x-amz-decoded-content-length": length, "x-amz-trailer": "x-amz-checksum-crc32" },
  });
  return send("PUT", parts, `5\r\nhello\r\n0\r\n${trailer}\r\n\r\n`);
}

const uploads: readonly Row[] = [
  ["an honest upload passes", "AKIAALICE 9000", () => upload((encoded) => encoded)],
  [
    "a flipped byte in a signed chunk",
    "SignatureDoesNotMatch",
    () => upload((encoded) => encoded.replace("aaaa", "aaba")),
  ],
  [
    "an upload cut after a chunk",
    "IncompleteBody",
    () => upload((encoded) => encoded.slice(0, encoded.indexOf("328;chunk"))),
  ],
  [
    "an upload whose last chunk is dropped and the end kept",
    "SignatureDoesNotMatch",
    () => upload((encoded) => encoded.replace(/328;chunk[\s\S]*?(?=0;chunk)/, "")),
  ],
  [
    "a trailer that somebody changed",
    "SignatureDoesNotMatch",
    () => upload((encoded) => encoded.replace("sha256:", "sha256:A")),
  ],
  [
    "an honest unsigned upload passes",
    "AKIAALICE 5",
    () => uploadUnsigned("x-amz-checksum-crc32:NhCmhg=="),
  ],
  [
    "a checksum that does not fit",
    "BadDigest",
    () => uploadUnsigned("x-amz-checksum-crc32:NhCmhA=="),
  ],
  [
    "fewer bytes than announced",
    "IncompleteBody",
    () => uploadUnsigned("x-amz-checksum-crc32:NhCmhg==", "6"),
  ],
  [
    "an MD5 that does not fit",
    "BadDigest",
    () => send("PUT", put(), body, ["Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="]),
  ],
];

for (const [title, expected, attempt] of uploads) {
  test(`uploads: ${title} → ${expected}`, async () => {
    assert.equal(await attempt(), expected);
  });
}

test("signatures: version 2 is verified where it is admitted", async (t) => {
  admitSignatureV2 = true;
  t.after(() => {
    admitSignatureV2 = false;
  });
  const ask = (path: string, text: string, expires: number) => {
    const signature = createHmac("sha1", alice.secret).update(text).digest("base64");
    const target = `${path}?AWSAccessKeyId=AKIAALICE&Signature=${encodeURIComponent(signature)}&Expires=${expires}`;
    return send("GET", { target, headers: { host } });
  };
  const soon = now / 1000 + 60;
  assert.equal(await ask("/b/k", `GET\n\n\n${soon}\n/b/k`, soon), "AKIAALICE 0");
  assert.equal(await ask("/b/k", `GET\n\n\n${soon}\n/b/other`, soon), "SignatureDoesNotMatch");
  assert.equal(await ask("/b/k", `GET\n\n\n${soon - 61}\n/b/k`, soon - 61), "AccessDenied");
});

test("signatures: a key whose secret was changed no longer signs", async (t) => {
  assert.equal(await send("PUT", put(), body), "AKIAALICE 42");
  all.set(alice.accessKeyId, { ...alice, secret: "a new secret" });
  t.after(() => all.set(alice.accessKeyId, alice));
  assert.equal(await send("PUT", put(), body), "SignatureDoesNotMatch");
});
