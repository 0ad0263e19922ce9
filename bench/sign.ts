import { createHash, createHmac } from "node:crypto";

/** Who signs, and for which service. */
export interface Signing {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly service: string;
  readonly port: number;
}

/** A request to sign. The path needs no encoding and there is no query. */
export interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Instead of the body's hash: `UNSIGNED-PAYLOAD`. */
  readonly payload?: string;
}

const hmac = (key: string | Buffer, text: string) =>
  createHmac("sha256", key).update(text).digest();

export const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");

/** Signs with version 4 at little cost: the key is derived once, the hash of a body taken once. */
export function createSigner({ accessKeyId, secretAccessKey, service, port }: Signing) {
  const host = `127.0.0.1:${port}`;
  const hashes = new WeakMap<Buffer, string>();
  const emptyHash = sha256("");
  let day = "";
  let key: Buffer = Buffer.alloc(0);

  function hashOf(body: Buffer | undefined): string {
    if (!body) return emptyHash;
    const known = hashes.get(body);
    if (known) return known;
    const hash = sha256(body);
    hashes.set(body, hash);
    return hash;
  }

  function keyOf(today: string): Buffer {
    if (today === day) return key;
    day = today;
    key = ["us-east-1", service, "aws4_request"].reduce<Buffer>(
      (secret, part) => hmac(secret, part),
      hmac(`AWS4${secretAccessKey}`, today),
    );
    return key;
  }

  /** Head and body as they go onto the wire. */
  return function sign({ method, path, headers = {}, body, payload }: Unsigned): Buffer[] {
    const time = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
    const hash = payload ?? hashOf(body);
    const all: Record<string, string> = {
      host,
      "x-amz-content-sha256": hash,
      "x-amz-date": time,
      ...headers,
    };
    const names = Object.keys(all).sort();
    const lines = names.map((name) => `${name}:${all[name]}\n`).join("");
    const signed = names.join(";");
    const scope = `${time.slice(0, 8)}/us-east-1/${service}/aws4_request`;
    const canonical = `${method}\n${path}\n\n${lines}\n${signed}\n${hash}`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
    const signature = hmac(keyOf(time.slice(0, 8)), text).toString("hex");
    const head =
      `${method} ${path} HTTP/1.1\r\n${lines.replace(/:(.*)\n/g, ": $1\r\n")}` +
      `authorization: AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}\r\n` +
      `content-length: ${body?.length ?? 0}\r\n\r\n`;
    return body ? [Buffer.from(head), body] : [Buffer.from(head)];
  };
}

export type Sign = ReturnType<typeof createSigner>;

/** A call of a service that speaks JSON, signed. */
export const jsonCall = (sign: Sign, target: string, input: unknown): Buffer[] =>
  sign({
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
    body: Buffer.from(JSON.stringify(input)),
  });
