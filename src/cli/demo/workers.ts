/*
 * Two small programs that call AWS's clients: one line of JSON in, one out. They are real processes of their own,
 * with boto3 or the AWS SDK for JavaScript; nothing of Bondstore is in them.
 */

/** For the private venv. Profiles, endpoint and CA come from the AWS config files, as for everybody. */
export const pythonWorker = `
import base64, datetime, json, sys
import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

clients = {}

def pack(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: pack(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [pack(inner) for inner in value]
    if hasattr(value, "read"):
        return pack(value.read())
    return value

def unpack(value):
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {key: unpack(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpack(inner) for inner in value]
    return value

def answer(ask):
    key = (ask["as"], ask["service"])
    if key not in clients:
        clients[key] = boto3.Session(profile_name=ask["as"]).client(ask["service"])
    try:
        output = getattr(clients[key], xform_name(ask["operation"]))(**unpack(ask["input"]))
        return {"output": pack(output)}
    except ClientError as error:
        told = error.response["Error"]
        request = error.response["ResponseMetadata"].get("RequestId", "")
        return {"error": {"code": told["Code"], "message": told.get("Message", ""), "requestId": request}}
    except Exception as error:
        return {"error": {"code": type(error).__name__, "message": str(error), "requestId": ""}}

for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
`;

/** Where there is no Python: run by node where the AWS SDK for JavaScript is installed. */
export const scriptWorker = `
import { createInterface } from "node:readline";
const names = {
  cloudtrail: ["cloudtrail", "CloudTrail"], iam: ["iam", "IAM"], kinesis: ["kinesis", "Kinesis"],
  kinesisanalyticsv2: ["kinesis-analytics-v2", "KinesisAnalyticsV2"], kms: ["kms", "KMS"],
  s3: ["s3", "S3"], sts: ["sts", "STS"],
};
const clients = new Map();
const plain = (value) => typeof value === "object" && value !== null;
async function pack(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return Promise.all(value.map(pack));
  if (plain(value) && value.transformToByteArray) return pack(await value.transformToByteArray());
  if (!plain(value)) return value;
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([k, v]) => [k, await pack(v)])));
}
function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (!plain(value)) return value;
  if ("$bytes" in value) return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpack(v)]));
}
async function answer({ as, service, operation, input, keys, endpoint, region }) {
  try {
    const [folder, name] = names[service];
    const sdk = await import("@aws-sdk/client-" + folder);
    const id = as + " " + service;
    if (!clients.has(id)) {
      clients.set(id, new sdk[name + "Client"]({ endpoint, region, credentials: keys, forcePathStyle: true }));
    }
    const output = await clients.get(id).send(new sdk[operation + "Command"](unpack(input)));
    return { output: await pack(output) };
  } catch (error) {
    const requestId = error.$metadata?.requestId ?? "";
    return { error: { code: error.name, message: error.message, requestId } };
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\\n");
}
`;
