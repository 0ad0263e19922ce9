import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../lib/clock.ts";
import { CommandFailure, type Output } from "../surroundings.ts";
import { type Answer, findVenv, type Refusal, type SdkClient } from "./clients.ts";
import { type ApiRequest, cliWords, type Input, kebab, shellLine } from "./request.ts";

/** What a chapter acts with. Each command is printed before it runs; what does not come out ends the demo. */
export interface Stage {
  /** Opens a chapter; its time is in the summary. */
  chapter<Result>(title: string, work: () => Promise<Result>): Promise<Result>;
  /** Free text for the reader. */
  tell(text: string): void;
  /** Calls with the AWS CLI. */
  cli(as: string, service: string, operation: string, input: Input): Promise<Fields>;
  /** Calls with an SDK; `shown` replaces the printed line. */
  sdk(
    as: string,
    service: string,
    operation: string,
    input: Input,
    shown?: string,
  ): Promise<Fields>;
  /** Calls with an SDK without printing it: for what is asked again and again. */
  quietly(as: string, service: string, operation: string, input: Input): Promise<Answer>;
  /** Calls with an SDK, and must be refused with one of these codes. */
  refused(
    as: string,
    service: string,
    operation: string,
    input: Input,
    codes: readonly string[],
  ): Promise<Refusal>;
  /** Runs `bondstore`, and prints what it says; answers its status and standard output. */
  bondstore(args: readonly string[], quiet?: boolean): Promise<{ status: number; out: string }>;
  check(what: string, holds: boolean, otherwise?: string): void;
  /** Asks until there is an answer. */
  until<Result>(
    what: string,
    ask: () => Promise<Result | undefined>,
    timeoutMs: number,
  ): Promise<Result>;
  readonly chapters: readonly { readonly title: string; readonly ms: number }[];
  readonly checks: number;
}

/** An answer as it comes, members by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** A check of the demo that does not hold. */
export class DemoFailure extends CommandFailure {
  override readonly name = "DemoFailure";
}

export interface StageOptions {
  readonly output: Output;
  readonly clock: Clock;
  readonly colour: boolean;
  readonly cache: Parameters<typeof findVenv>[0];
  readonly sdk: SdkClient;
  readonly environment: Readonly<Record<string, string>>;
  /** Where documents that a command names are written. */
  readonly folder: string;
}

/** The program that this very process runs. */
export const program = fileURLToPath(new URL("../../main.js", import.meta.url));

const pollMs = 400;
const patienceMs = 5_000;

export function createStage(options: StageOptions): Stage {
  const { output, clock, sdk, environment, folder } = options;
  const { out } = output.json ? { out: () => {} } : output;
  const paint = (code: number, text: string) =>
    options.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  const venv = findVenv(options.cache);
  const chapters: { title: string; ms: number }[] = [];
  let checks = 0;

  function command(line: string): void {
    out(paint(36, line));
  }

  function writeDocument(name: string, text: string): string {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  function done(answer: Answer, request: ApiRequest): Fields {
    if (answer.output) return answer.output;
    const { code = "", message = "" } = answer.error ?? {};
    throw new DemoFailure(`${request.service} ${request.operation} failed: ${code}: ${message}`);
  }

  async function cli(as: string, service: string, operation: string, input: Input) {
    const request = { as, service, operation, input };
    if (!venv) return sdkCall(request);
    const [, ...words] = cliWords(request, writeDocument);
    command(`$ ${shellLine(["aws", ...words])}`);
    const { status, text, said } = await runProgram(venv.aws, words, environment);
    if (status !== 0) throw new DemoFailure(`aws ${kebab(operation)} failed: ${said.trim()}`);
    return text.trim() === "" ? {} : (JSON.parse(text) as Fields);
  }

  async function sdkCall(request: ApiRequest, shown?: string): Promise<Fields> {
    command(`>>> ${shown ?? sdk.show(request)}`);
    return done(await sdk.call(request), request);
  }

  function check(what: string, holds: boolean, otherwise = ""): void {
    if (!holds) {
      throw new DemoFailure(
        `this does not hold: ${what}${otherwise === "" ? "" : `: ${otherwise}`}`,
      );
    }
    checks += 1;
    out(`${paint(32, "  ✓")} ${what}`);
  }

  return {
    chapters,
    get checks() {
      return checks;
    },
    check,
    cli,
    tell: (text) => out(text),
    sdk: (as, service, operation, input, shown) =>
      sdkCall({ as, service, operation, input }, shown),
    quietly: (as, service, operation, input) => sdk.call({ as, service, operation, input }),
    async chapter(title, work) {
      out(`\n${paint(1, `── ${chapters.length + 1} · ${title} `.padEnd(100, "─"))}`);
      const startMs = clock.now();
      const chapter = { title, ms: 0 };
      chapters.push(chapter);
      const result = await work();
      chapter.ms = clock.now() - startMs;
      return result;
    },
    async refused(as, service, operation, input, codes) {
      const request = { as, service, operation, input };
      command(`>>> ${sdk.show(request)}`);
      const { error } = await sdk.call(request);
      const code = error?.code ?? "it was done";
      check(`${as}'s ${operation} is refused: ${code}`, codes.includes(code), error?.message);
      return error ?? { code, message: "", requestId: "" };
    },
    async bondstore(args, quiet = false) {
      command(`$ ${shellLine(["bondstore", ...args])}`);
      const ran = await runProgram(process.execPath, [program, ...args], environment);
      if (!quiet) for (const line of ran.text.trimEnd().split("\n")) out(`  ${line}`);
      if (ran.status !== 0 && ran.text === "") {
        throw new DemoFailure(`bondstore ${args[0]} failed: ${ran.said.trim()}`);
      }
      return { status: ran.status, out: ran.text };
    },
    async until(what, ask, timeoutMs) {
      const startMs = clock.now();
      let toldMs = startMs;
      for (;;) {
        const answer = await ask();
        if (answer !== undefined) return answer;
        const now = clock.now();
        if (now - startMs > timeoutMs) {
          throw new DemoFailure(`${what}: not within ${Math.round(timeoutMs / 1000)} s`);
        }
        if (now - toldMs > patienceMs) {
          toldMs = now;
          output.note(`  … ${what} (${Math.round((now - startMs) / 1000)} s)`);
        }
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
  };
}

/** Runs a program to its end. */
function runProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [text, said] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status: status ?? 1, text, said }));
  });
}
