import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assert } from "../../lib/assert.ts";
import { CommandFailure, type Surroundings } from "../surroundings.ts";
import { type ApiRequest, plainInput, pythonLine, scriptLine } from "./request.ts";
import { pythonWorker, scriptWorker } from "./workers.ts";

/** A refusal as a client reports it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
}

export interface Answer {
  readonly output?: Readonly<Record<string, unknown>>;
  readonly error?: Refusal;
}

/** Who acts, and with which keys. */
export interface Person {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running SDK: boto3, or the AWS SDK for JavaScript. */
export interface SdkClient {
  readonly name: string;
  /** The call as it reads in the SDK's language. */
  show(request: ApiRequest): string;
  call(request: ApiRequest): Promise<Answer>;
  close(): void;
}

/** What the clients are pointed at. */
export interface Pointing {
  readonly endpoint: string;
  readonly region: string;
  readonly ca: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly people: ReadonlyMap<string, Person>;
}

/** Programs of the private venv; undefined where there is none. */
export function findVenv({ cache }: Surroundings): { aws: string; python: string } | undefined {
  const folder = join(cache, "clients", "bin");
  const [aws, python] = [join(folder, "aws"), join(folder, "python")];
  return existsSync(aws) && existsSync(python) ? { aws, python } : undefined;
}

/** Starts boto3; where there is no Python, the AWS SDK for JavaScript, if it is installed here. */
export function startSdk(around: Surroundings, pointing: Pointing): SdkClient {
  const venv = findVenv(around);
  if (venv) {
    const child = spawn(venv.python, ["-u", "-c", pythonWorker], options(pointing));
    return follow("boto3", child, pythonLine, pointing);
  }
  if (!existsSync(join(around.workingDirectory, "node_modules", "@aws-sdk", "client-kinesis"))) {
    throw new CommandFailure(
      "the demo needs AWS's clients: run `npm run setup` in the clone first",
    );
  }
  const args = ["--input-type=module", "-e", scriptWorker];
  const child = spawn(process.execPath, args, options(pointing));
  return follow("AWS SDK for JavaScript", child, scriptLine, pointing);
}

const options = ({ environment, ca }: Pointing) => ({
  env: { ...environment, NODE_EXTRA_CA_CERTS: ca, NODE_NO_WARNINGS: "1" },
  stdio: ["pipe", "pipe", "inherit"] satisfies StdioOptions,
});

function follow(
  name: string,
  child: ChildProcess,
  show: SdkClient["show"],
  { endpoint, region, people }: Pointing,
): SdkClient {
  const { stdin, stdout } = child;
  assert(stdin && stdout, "the client's streams are pipes");
  const waiting: ((answer: Answer) => void)[] = [];
  createInterface({ input: stdout }).on("line", (line) =>
    waiting.shift()?.(JSON.parse(line) as Answer),
  );
  child.once("exit", () => {
    const error = { code: "ClientEnded", message: `${name} has ended`, requestId: "" };
    for (const resolve of waiting.splice(0)) resolve({ error });
  });
  return {
    name,
    show,
    call(request) {
      const keys = people.get(request.as);
      const asked = { ...request, input: plainInput(request.input), keys, endpoint, region };
      stdin.write(`${JSON.stringify(asked)}\n`);
      return new Promise((resolve) => waiting.push(resolve));
    },
    close: () => void stdin.end(),
  };
}
