/** One query that calls functions of users, in a process of its own beside the cell's server: it waits for them. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../files.ts";
import { firstLinkFd, type LentFunctions } from "../lent-functions.ts";
import type { KeepQuestion } from "../questions.ts";
import { openDatabase } from "./binding.ts";
import { registerFunctions } from "./call-functions.ts";
import { openStore } from "./store.ts";
import { type Line, messageOf, tellKeep } from "./tell-keep.ts";

/** What the process is told on its command line, as JSON; the query comes on standard input. */
export interface QueryProcessOptions {
  readonly work: string;
  readonly half: string;
  readonly spill: string;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  readonly threads: number;
}

const line: Line = (told) => {
  const bytes = Buffer.from(`${JSON.stringify(told)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
};

async function run(options: QueryProcessOptions): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  const question: KeepQuestion & { readonly functions: LentFunctions } = JSON.parse(
    Buffer.concat(parts).toString("utf8"),
  );
  const store = await openStore(join(options.work, dataFolder), options.half);
  const database = await openDatabase({ ...options, directories: [store.data], barriers: true });
  const { names } = question.functions;
  const fds = names.map((_, at) => firstLinkFd + at);
  await registerFunctions(database, names, fds, (busy) => line({ busy }));
  await tellKeep(database, store, question, { line });
}

run(JSON.parse(process.argv[2] ?? "{}")).then(
  () => process.exit(0),
  (error: unknown) => {
    line({ error: messageOf(error) });
    process.exit(0);
  },
);
