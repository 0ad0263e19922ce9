import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findModel } from "../src/wire/models.ts";
import { builtOperations } from "../test/support/built.ts";
import { warehouseClients } from "./warehouse-calls.ts";
import { warehouseCoverage } from "./warehouse-coverage.ts";

/** The clients whose use is looked for, as the page calls them. */
const clientNames = ["JavaScript", "boto3", "AWS CLI"] as const;
type ClientName = (typeof clientNames)[number];

/** One operation of a service's model, and the client tests that call it. */
export interface Covered {
  readonly service: string;
  readonly operation: string;
  readonly built: boolean;
  /** Names of test files, by client. */
  readonly tests: ReadonlyMap<ClientName, readonly string[]>;
}

const folder = join("test", "clients");

/** They hold the SDK against our tables, without a server. */
const withoutServer = new Set(["codecs.test.ts", "models.test.ts"]);

interface Source {
  readonly file: string;
  readonly text: string;
}

function readSources(): readonly Source[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts") && !withoutServer.has(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}

/** Clients of the SDK that are not called as the service is: `@aws-sdk/client-kinesis-analytics-v2`. */
const packages: Readonly<Record<string, string>> = {
  cloudhsmv2: "cloudhsm-v2",
  kinesisanalyticsv2: "kinesis-analytics-v2",
};
const packageOf = (service: string) => packages[service] ?? service;

/** `new EncryptCommand(`, with the name under which the file imports it from this service's client. */
function usesJavaScript({ text }: Source, service: string, operation: string): boolean {
  const command = `${operation}Command`;
  const imports = text.matchAll(
    /import(?: type)?\s*\{([^}]*)\}\s*from\s*"@aws-sdk\/client-([a-z0-9-]+)"/g,
  );
  for (const [, names = "", client] of imports) {
    if (client !== packageOf(service)) continue;
    const own = new RegExp(`(?<![\\w])${command}(?:\\s+as\\s+(\\w+))?\\s*(?=,|$)`).exec(
      names.trim(),
    );
    if (own) return text.includes(`new ${own[1] ?? command}(`);
  }
  return false;
}

/** As botocore spells an operation: `ListObjectsV2` is `list_objects_v2`. */
const snake = (operation: string) =>
  operation
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** `kms.encrypt(`, and `hers.encrypt(` where `hers` is a client of this service or of no other that has the word. */
function usesPython(source: Source, service: string, operation: string): boolean {
  const { text } = source;
  const clients = new Set([...text.matchAll(/client\("([a-z0-9]+)"/g)].map(([, name]) => name));
  if (!clients.has(service)) return false;
  const word = snake(operation);
  const calls = [
    ...text.matchAll(new RegExp(`(\\w*)\\.${word}\\b`, "g")),
    ...text.matchAll(new RegExp(`(\\w*)\\.get_paginator\\("${word}"`, "g")),
  ];
  const others = [...clients].filter(
    (name = "") => name !== service && findModel(name)?.findOperation(operation),
  );
  return calls.some(([, name]) => others.length === 0 || name === service);
}

/** `"kms", "create-key"`, as words of a command; or `"create-key"` where `"kms", ...words` stands in the file. */
function usesCommandLine({ text }: Source, service: string, operation: string): boolean {
  const name = service === "s3" ? "s3api" : service;
  const word = snake(operation).replaceAll("_", "-");
  if (new RegExp(`"${name}",\\s*"${word}"`).test(text)) return true;
  return text.includes(`"${name}", ...`) && text.includes(`"${word}"`);
}

const uses: Readonly<
  Record<ClientName, (source: Source, service: string, operation: string) => boolean>
> = { JavaScript: usesJavaScript, boto3: usesPython, "AWS CLI": usesCommandLine };

/** Every operation of every model: whether it is built, and which client tests call it. */
export function coverage(): readonly Covered[] {
  const sources = readSources();
  return builtOperations().flatMap(({ service, operations }) => {
    const built = new Set(operations);
    const names = findModel(service)?.operationNames ?? [];
    return [...names].sort().map((operation) => ({
      service,
      operation,
      built: built.has(operation),
      tests: new Map(
        clientNames.map((client) => [
          client,
          built.has(operation)
            ? sources
                .filter((source) => uses[client](source, service, operation))
                .map(({ file }) => file)
            : [],
        ]),
      ),
    }));
  });
}

/** The page that shows it. */
export function coveragePage(): string {
  const rows = coverage();
  const services = [...new Set(rows.map(({ service }) => service))].sort();
  const of = (wanted: string) => rows.filter(({ service }) => service === wanted);
  return [
    "# Which operations are built, and the client test that proves each",
    "",
    "Generated by `npm run generate` from the operations that the services list, the models of their",
    "interfaces and the tests in `test/clients`, where real clients call a running server. Do not edit.",
    "",
    "Whatever is not built answers `NotImplemented`, and never as if it had been done.",
    "",
    "| Service | Built | of | JavaScript | boto3 | AWS CLI |",
    "|---|---:|---:|---:|---:|---:|",
    ...services.map((service) => summaryOf(service, of(service))),
    ...services.flatMap((service) => tableOf(service, of(service))),
    ...warehouseTable(),
    "",
  ].join("\n");
}

/** MaxCompute's protocol has no model that would tell what is missing: docs/warehouse.md does. */
function warehouseTable(): readonly string[] {
  const rows = warehouseCoverage();
  const counts = warehouseClients.map(
    (client) => `${client} ${rows.filter(({ tests }) => tests.get(client)?.length).length}`,
  );
  return [
    "",
    "## maxcompute",
    "",
    `The ${rows.length} operations that have a path, by the names that the trail gives them; called by ${counts.join(", ")}.`,
    "What is not built is in [the warehouse](warehouse.md#what-is-not-built), and answers `MethodNotAllowed` or says so.",
    "",
    "| Operation | Proved by |",
    "|---|---|",
    ...rows.map(({ operation, tests }) => `| ${operation} | ${proofsOf(tests)} |`),
  ];
}

/** The first test of each client, as links. */
const proofsOf = (tests: ReadonlyMap<string, readonly string[]>): string =>
  [...tests]
    .flatMap(([client, [first]]) =>
      first === undefined ? [] : [`${client}: [${first}](../test/clients/${first})`],
    )
    .join(" · ");

function summaryOf(service: string, rows: readonly Covered[]): string {
  const counts = clientNames.map(
    (client) => rows.filter(({ tests }) => (tests.get(client) ?? []).length > 0).length,
  );
  const built = rows.filter((row) => row.built).length;
  const cells = [`[${service}](#${service})`, built, rows.length, ...counts];
  return `| ${cells.join(" | ")} |`;
}

function tableOf(service: string, rows: readonly Covered[]): readonly string[] {
  const head = ["", `## ${service}`, "", "| Operation | Built | Proved by |", "|---|---|---|"];
  const lines = rows.map(
    ({ operation, built, tests }) =>
      `| ${operation} | ${built ? "yes" : "not yet"} | ${proofsOf(tests)} |`,
  );
  return [...head, ...lines];
}
