import { request } from "node:http";
import type { Keys } from "./bondstore.ts";
import type { Serialized } from "./sdk.ts";
import { sha256, signRequest, type ToSign } from "./sign-request.ts";

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** What is wrong with a request, on purpose. */
export interface Twist {
  /** What the signature says, where it differs from the truth. */
  readonly sign?: Partial<ToSign>;
  /** The body that is sent, where it differs from the one that was signed. */
  readonly body?: Buffer;
  /** The Region that is put into the scope after it was signed. */
  readonly claimedRegion?: string;
  /** Headers that are sent beside those that were signed. */
  readonly headers?: Readonly<Record<string, string>>;
}

const percent = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** Signs what the SDK would send, with a signer of the test's own, and sends it over plain HTTP. */
export function sendSigned(
  running: { readonly endpoint: string; readonly region: string },
  service: string,
  { method, path, query, headers, body }: Serialized,
  keys: Keys,
  twist: Twist = {},
): Promise<Answer> {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values ?? ""].flat().map((value) => `${percent(name)}=${percent(value)}`),
  );
  const { host } = new URL(running.endpoint);
  const payloadHash = sha256(body);
  const kept = Object.entries(headers).filter(
    ([name]) => /^(content-type|x-amz-)/.test(name) && !/^x-amz-(date|security)/.test(name),
  );
  const signed = signRequest({
    method,
    target: pairs.length === 0 ? path : `${path}?${pairs.sort().join("&")}`,
    headers: { ...Object.fromEntries(kept), host, "x-amz-content-sha256": payloadHash },
    payloadHash,
    accessKeyId: keys.accessKeyId,
    secret: keys.secretAccessKey,
    timeMs: Date.now(),
    region: running.region,
    service: service === "kinesisanalyticsv2" ? "kinesisanalytics" : service,
    ...(keys.sessionToken !== undefined && { token: keys.sessionToken }),
    ...twist.sign,
  });
  const { authorization = "" } = signed.headers;
  const claimed =
    twist.claimedRegion === undefined
      ? {}
      : {
          authorization: authorization.replace(
            /\/[\w-]+(?=\/\w+\/aws4)/,
            `/${twist.claimedRegion}`,
          ),
        };
  const sent = { ...signed.headers, ...claimed, ...twist.headers };
  return send(running.endpoint, method, signed.target, sent, twist.body ?? body);
}

/** Sends one request on a connection of its own. */
export function send(
  endpoint: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Answer> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        method,
        path: target,
        headers: { ...headers, "content-length": String(body.length) },
        agent: false,
        timeout: 120_000,
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece: string) => {
          text += piece;
        });
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
        answer.on("error", reject);
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer within two minutes")));
    sent.on("error", reject);
    sent.end(body);
  });
}
