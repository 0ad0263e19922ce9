import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateKeyCommand,
  type KMSClient,
} from "@aws-sdk/client-kms";
import type { Config } from "../../src/config.ts";
import { makeAuthority } from "./certificates.ts";
import { sha256, signRequest } from "./sign-request.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * How a proxy misbehaves; each but `works` is one that a network, an owner or an enemy can make it do. One that `holds`
 * answers when it is told to, and one that `hangs-up` ends each connection that is used again.
 */
export type ProxyMood =
  | "works"
  | "silent"
  | "drips"
  | "holds"
  | "hangs-up"
  | "nonsense"
  | "endless"
  | "redirects"
  | "swaps"
  | "short-tag"
  | "denies";

/** A proxy of an external key store, after the public specification of its API: it really encrypts, with keys of its own. */
export interface TestProxy {
  readonly host: string;
  readonly endpoint: string;
  readonly path: string;
  readonly credential: { readonly AccessKeyId: string; readonly RawSecretAccessKey: string };
  /** How a Bondstore reaches and trusts it. */
  readonly config: Config["xks"];
  /** What it was asked, the newest last. */
  readonly asked: { readonly what: string; readonly message: Members }[];
  /** Its keys by id, and what it says of their status. */
  readonly keys: Map<string, { readonly secret: Buffer; status: string; spec: string }>;
  mood: ProxyMood;
  /** Further paths of its, and how it is there. */
  readonly paths: Map<string, ProxyMood>;
  /** Keeps an answer until `release`. */
  hold(answer: () => void): void;
  /** Waits until it holds an answer back. */
  holding(): Promise<void>;
  /** Sends what it has held back, as it would be answered now. */
  release(): void;
  close(): Promise<void>;
}

const path = "/acme/kms/xks/v1";
/** Longer than any machine takes: tests of what is not answered set their own. */
const answerWithinMs = 60_000;
const refusal = (status: number, errorName: string) => ({ status, answer: { errorName } });
const base64 = (bytes: Buffer) => bytes.toString("base64");
const bytesOf = (value: unknown) => Buffer.from(String(value ?? ""), "base64");

export async function startXksProxy(
  t: Pick<TestContext, "after">,
  { host = "xks.acme.example", certified = "xks.acme.example", trusted = true } = {},
): Promise<TestProxy> {
  const authority = makeAuthority(t, "acme");
  const { cert, key } = authority.issue(certified);
  const server = createServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  // Also those that are no connections of HTTPS yet, as one may be for long on a busy machine.
  const links = new Set<Duplex>();
  server.on("connection", (link) => links.add(link));
  const proxy: TestProxy = {
    host,
    endpoint: `https://${host}`,
    path,
    credential: {
      AccessKeyId: "ABCDEFGHIJKLMNOPQRST",
      RawSecretAccessKey: base64(randomBytes(33)),
    },
    config: {
      proxies: [{ host, address: "127.0.0.1", port }],
      authority: trusted ? authority.cert : undefined,
      answerWithinMs,
    },
    asked: [],
    keys: new Map(),
    mood: "works",
    paths: new Map(),
    ...holder(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const link of links) link.destroy();
      }),
  };
  serve(server, proxy);
  t.after(() => proxy.close());
  return proxy;
}

function serve(server: Server, proxy: TestProxy): void {
  const used = new WeakSet<object>();
  server.on("request", async (request, response) => {
    const { socket } = request;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    const [before = "", what = ""] = (request.url ?? "").split(/(?<=\/kms\/xks\/v1)\//);
    const mood = proxy.paths.get(before) ?? proxy.mood;
    if (mood === "hangs-up" && used.has(socket)) return socket.destroy();
    used.add(socket);
    const send = (status: number, text: string, headers = {}) =>
      response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(text);
    if (mood === "silent") return;
    if (mood === "nonsense") return send(200, "<html>");
    if (mood === "redirects") return send(307, "", { Location: `https://${proxy.host}/` });
    if (mood === "drips") return drip(response);
    if (mood === "endless") return pour(response);
    const answer = (): void => {
      const isSigned = request.headers.authorization === expected(request, body, proxy);
      const isKnown = mood === "denies" || before === proxy.path || proxy.paths.has(before);
      const { status, answer } = !isSigned
        ? refusal(401, "AuthenticationFailedException")
        : isKnown
          ? answerTo(what, JSON.parse(body) as Members, { ...proxy, mood })
          : refusal(404, "InvalidUriPathException");
      send(status, JSON.stringify(answer));
    };
    return mood === "holds" ? proxy.hold(answer) : answer();
  });
}

/** An answer that never ends, as fast as it is taken. */
function pour(response: ServerResponse): void {
  response.writeHead(200);
  const more = () => {
    while (!response.destroyed && response.write(" ".repeat(65_536)));
  };
  response.on("drain", more);
  more();
}

/** An answer that never ends, of which there is always something new. */
function drip(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(" "), 50);
  response.once("close", () => clearInterval(timer));
}

/** Answers that are held back. */
function holder(): Pick<TestProxy, "hold" | "holding" | "release"> {
  const held: (() => void)[] = [];
  let told = () => {};
  return {
    hold(answer) {
      held.push(answer);
      told();
    },
    async holding() {
      if (held.length === 0) await new Promise<void>((resolve) => (told = resolve));
    },
    release() {
      for (const answer of held.splice(0)) answer();
    },
  };
}

/** The signature as this test computes it. */
function expected(
  { url = "", headers }: IncomingMessage,
  body: string,
  { host, credential }: TestProxy,
): string | undefined {
  const time = String(headers["x-amz-date"]);
  const timeMs = Date.parse(
    time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  return signRequest({
    ...{ method: "POST", target: url, payloadHash: sha256(body), timeMs, service: "kms-xks-proxy" },
    headers: { "content-type": String(headers["content-type"]), host },
    accessKeyId: credential.AccessKeyId,
    secret: credential.RawSecretAccessKey,
  }).headers["authorization"];
}

function answerTo(
  what: string,
  message: Members,
  proxy: TestProxy,
): { readonly status: number; readonly answer: Members } {
  proxy.asked.push({ what, message });
  if (proxy.mood === "denies") return refusal(403, "AccessDeniedException");
  if (what === "health") {
    const fleet = [{ id: "one", model: "test", healthStatus: "ACTIVE" }];
    const vendors = { xksProxyVendor: "test", xksProxyModel: "test", ekmVendor: "test" };
    return { status: 200, answer: { xksProxyFleetSize: 1, ...vendors, ekmFleetDetails: fleet } };
  }
  const [, id = "", verb = ""] = /^keys\/([^/]+)\/([a-z]+)$/.exec(what) ?? [];
  const key = proxy.keys.get(id);
  if (!key) return refusal(404, "KeyNotFoundException");
  if (verb === "metadata") {
    const answer = { keySpec: key.spec, keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: key.status };
    return { status: 200, answer };
  }
  if (key.status !== "ENABLED") return refusal(400, "InvalidStateException");
  return verb === "encrypt"
    ? encrypt(key.secret, message, proxy)
    : decrypt(key.secret, message, proxy);
}

const metadata = Buffer.from("v1");

function encrypt(secret: Buffer, message: Members, { mood }: TestProxy) {
  const iv = randomBytes(12);
  const aad = Buffer.concat([bytesOf(message["additionalAuthenticatedData"]), metadata]);
  const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(aad);
  const ciphertext = Buffer.concat([cipher.update(bytesOf(message["plaintext"])), cipher.final()]);
  const tag = cipher.getAuthTag();
  const answer = {
    ciphertext: base64(ciphertext),
    initializationVector: base64(iv),
    authenticationTag: base64(mood === "short-tag" ? tag.subarray(0, 12) : tag),
    ciphertextMetadata: base64(metadata),
  };
  return { status: 200, answer };
}

function decrypt(secret: Buffer, message: Members, { mood }: TestProxy) {
  const aad = Buffer.concat([
    bytesOf(message["additionalAuthenticatedData"]),
    bytesOf(message["ciphertextMetadata"]),
  ]);
  try {
    const decipher = createDecipheriv(
      "aes-256-gcm",
      secret,
      bytesOf(message["initializationVector"]),
    )
      .setAAD(aad)
      .setAuthTag(bytesOf(message["authenticationTag"]));
    const plaintext = Buffer.concat([
      decipher.update(bytesOf(message["ciphertext"])),
      decipher.final(),
    ]);
    // What it is asked to open, it may answer anything for: the inner layer is not its own.
    if (mood === "swaps") plaintext[plaintext.length - 20] = (plaintext.at(-20) ?? 0) ^ 1;
    return { status: 200, answer: { plaintext: base64(plaintext) } };
  } catch {
    return refusal(400, "InvalidCiphertextException");
  }
}

/** Adds a key; answers its id. */
export function addExternalKey({ keys }: TestProxy, id = "first", spec = "AES_256"): string {
  keys.set(id, { secret: randomBytes(32), status: "ENABLED", spec });
  return id;
}

/** Makes a store of what is behind a proxy. */
export const externalStore = (
  proxy: Pick<TestProxy, "endpoint" | "path" | "credential">,
  more: Partial<CreateCustomKeyStoreCommandInput> = {},
): CreateCustomKeyStoreCommand =>
  new CreateCustomKeyStoreCommand({
    CustomKeyStoreName: "outside",
    CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    XksProxyConnectivity: "PUBLIC_ENDPOINT",
    XksProxyUriEndpoint: proxy.endpoint,
    XksProxyUriPath: proxy.path,
    XksProxyAuthenticationCredential: proxy.credential,
    ...more,
  });

/** A store that is connected, with one key. */
export async function connectedStore(
  kms: KMSClient,
  proxy: TestProxy,
  { path = proxy.path, key = "first" } = {},
) {
  const made = await kms.send(externalStore({ ...proxy, path }));
  const { CustomKeyStoreId } = made;
  await kms.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId }));
  const XksKeyId = addExternalKey(proxy, key);
  const wanted = { Origin: "EXTERNAL_KEY_STORE", CustomKeyStoreId, XksKeyId } as const;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(wanted));
  return { CustomKeyStoreId, KeyId: KeyMetadata?.KeyId ?? "", wanted };
}
