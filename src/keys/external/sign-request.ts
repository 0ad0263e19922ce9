import { hmacSha256, sha256Hex } from "../../lib/hash.ts";

/** What a proxy knows its callers by. */
export interface ProxyCredential {
  readonly accessKeyId: string;
  readonly secret: string;
}

const service = "kms-xks-proxy";
const signed = "content-type;host;x-amz-date";

/** The headers of a POST of JSON that is signed with Signature Version 4. The path has nothing to be escaped. */
export function signRequest(
  { accessKeyId, secret }: ProxyCredential,
  {
    host,
    path,
    body,
    region,
    timeMs,
  }: {
    readonly host: string;
    readonly path: string;
    readonly body: string;
    readonly region: string;
    readonly timeMs: number;
  },
): Readonly<Record<string, string>> {
  const time = new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const type = "application/json";
  const headers = `content-type:${type}\nhost:${host}\nx-amz-date:${time}\n`;
  const canonical = ["POST", path, "", headers, signed, sha256Hex(body)].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256Hex(canonical)].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(
    (under, part) => hmacSha256(under, part),
    `AWS4${secret}`,
  );
  const signature = hmacSha256(key, text).toString("hex");
  return {
    "Content-Type": type,
    Host: host,
    "X-Amz-Date": time,
    Authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}
