import { fileURLToPath } from "node:url";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  IAMClient,
} from "@aws-sdk/client-iam";
import {
  dataDirectory,
  type Held,
  heldBytesOf,
  type ServerProcess,
  startProcess,
  stopProcess,
} from "./server-process.ts";

/** A Bondstore that is measured. */
export interface BondstoreProcess extends ServerProcess {
  readonly directory: string;
  readonly endpoint: string;
  readonly root: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The most memory that each of its processes has held, by command. */
  peakBytes(): readonly Held[];
  /** What each of its processes holds at this moment. */
  residentBytesNow(): readonly Held[];
}

/** What `up --json` prints when it serves. */
interface Ready {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const main = fileURLToPath(new URL("../src/main.js", import.meta.url));

function readyLine(line: string): Ready | undefined {
  return line.startsWith('{"ready":true') ? (JSON.parse(line) as Ready) : undefined;
}

/** What the work of the bench needs, a policy for each service. */
const policies: Readonly<Record<string, readonly string[]>> = {
  Keys: ["kms:CreateKey", "kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
  Objects: ["s3:CreateBucket", "s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
  Streams: ["kinesis:*"],
};

/**
 * Starts Bondstore as a user would, but for TLS: signature, policies, sealing, trail and durable writes are on, for
 * they cannot be turned off. The work is done by an IAM user with attached policies, not by root.
 */
export async function startBondstore(
  more: readonly string[] = [],
  node: readonly string[] = nodeOptions(),
): Promise<BondstoreProcess> {
  const directory = dataDirectory();
  const { child, told, running } = await startProcess({
    command: process.execPath,
    args: [
      ...node,
      main,
      "up",
      "--data",
      directory,
      "--port",
      "0",
      "--plain-http",
      "--json",
      ...more,
    ],
    ready: readyLine,
  });
  const user = await makeUser(told);
  return {
    name: "Bondstore",
    ...running,
    port: Number(new URL(told.endpoint).port),
    ...user,
    ...{ directory, endpoint: told.endpoint, root: told },
    peakBytes: () => heldBytesOf(child.pid ?? 0, "VmHWM"),
    residentBytesNow: () => heldBytesOf(child.pid ?? 0, "VmRSS"),
    stop: () => stopProcess(child, directory),
  };
}

/** Options of Node for the server alone: `BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…"`. */
const nodeOptions = (): string[] =>
  (process.env["BENCH_NODE_OPTIONS"] ?? "").split(" ").filter((option) => option !== "");

async function makeUser({ endpoint, ...credentials }: Ready) {
  const iam = new IAMClient({ endpoint, region: "us-east-1", credentials });
  const UserName = "bench";
  await iam.send(new CreateUserCommand({ UserName }));
  for (const [PolicyName, Action] of Object.entries(policies)) {
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action, Resource: "*" }],
    });
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  iam.destroy();
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
}
