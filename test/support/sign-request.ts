import { createHash, createHmac } from "node:crypto";

/** A signer of the test's own, so that it can sign what no SDK would. */
export interface ToSign {
  readonly method: string;
  /** Path and query, encoded as sent. The query sorted. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
  readonly accessKeyId: string;
  readonly secret: string;
  readonly timeMs: number;
  readonly region?: string;
  readonly service?: string;
  /** Headers to leave out of the signature. */
  readonly unsigned?: readonly string[];
  /** Set: the signature goes into the URL. */
  readonly expiresSeconds?: number;
  readonly token?: string;
}

export const sha256 = (data: string | Uint8Array) =>
  createHash("sha256").update(data).digest("hex");

const hmac = (key: string | Uint8Array, text: string) =>
  createHmac("sha256", key).update(text).digest();

export interface SignedParts {
  readonly target: string;
  readonly headers: Record<string, string>;
  /** Signs a chunk, each after the one before. */
  signChunk(data: Uint8Array): string;
  signTrailer(text: string): string;
}

/** Signs with version 4, in the headers or in the URL. */
export function signRequest(input: ToSign): SignedParts {
  const { timeMs, region = "us-east-1", service = "s3" } = input;
  const time = `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const presigned = input.expiresSeconds !== undefined;
  const headers: Record<string, string> = { ...input.headers };
  if (!presigned) headers["x-amz-date"] = time;
  if (!presigned && input.token !== undefined) headers["x-amz-security-token"] = input.token;
  const names = Object.keys(headers)
    .filter((name) => !input.unsigned?.includes(name))
    .sort();

  const [path = "", query = ""] = input.target.split("?");
  const parameters = query === "" ? [] : query.split("&");
  if (presigned) {
    parameters.push(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256",
      `X-Amz-Credential=${encodeURIComponent(`${input.accessKeyId}/${scope}`)}`,
      `X-Amz-Date=${time}`,
      `X-Amz-Expires=${input.expiresSeconds}`,
      `X-Amz-SignedHeaders=${encodeURIComponent(names.join(";"))}`,
    );
    if (input.token !== undefined) {
      parameters.push(`X-Amz-Security-Token=${encodeURIComponent(input.token)}`);
    }
  }
  const canonical = [
    input.method,
    path,
    parameters.sort().join("&"),
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    input.payloadHash,
  ].join("\n");
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${input.secret}`,
  );
  let previous = hmac(key, text).toString("hex");
  if (presigned) parameters.push(`X-Amz-Signature=${previous}`);
  else {
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${input.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${previous}`;
  }

  function next(kind: string, middle: string, hash: string): string {
    const chunkText = `AWS4-HMAC-SHA256-${kind}\n${time}\n${scope}\n${previous}\n${middle}${hash}`;
    previous = hmac(key, chunkText).toString("hex");
    return previous;
  }
  return {
    target: parameters.length === 0 ? path : `${path}?${parameters.join("&")}`,
    headers,
    signChunk: (data) => next("PAYLOAD", `${sha256("")}\n`, sha256(data)),
    signTrailer: (lines) => next("TRAILER", "", sha256(lines)),
  };
}
