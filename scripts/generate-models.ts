import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { compilePattern } from "../src/wire/pattern.ts";
import {
  type BotoModel,
  type BotoOperation,
  type BotoReference,
  type BotoShape,
  botocoreVersion,
  readModels,
} from "./botocore.ts";

/** Service to its AWS SDK client, where the client adds what botocore lacks. One line for each service. */
const services: Readonly<Record<string, string | undefined>> = {
  cloudhsm: undefined,
  cloudhsmv2: undefined,
  cloudtrail: undefined,
  iam: "@aws-sdk/client-iam",
  kinesis: undefined,
  kinesisanalyticsv2: undefined,
  kms: undefined,
  s3: "@aws-sdk/client-s3",
  sts: "@aws-sdk/client-sts",
};

/** Members of our own, as extensions of AWS's shapes: by service and shape, names and shapes of the same model. */
const ownMembers: Readonly<Record<string, Readonly<Record<string, Record<string, string>>>>> = {
  kinesisanalyticsv2: {
    ApplicationEncryptionConfigurationDescription: {
      DurableStorageKeyMaterialId: "KeyId",
      RunningStorageKeyMaterialId: "KeyId",
    },
  },
};

/** Namespaces of XML that botocore's metadata leaves out. */
const namespaces: Readonly<Record<string, string>> = {
  s3: "http://s3.amazonaws.com/doc/2006-03-01/",
};

/** Patterns with a repeated group, each read and found to match in one way only, so that none can hang. */
const reviewedPatterns = new Set([
  "^([a-z]+-){2,3}\\d+$",
  "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$",
  "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$",
  "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/",
]);

/**
 * Patterns with so many wildcards that a text of 2 KB takes a quarter of a second: each with the one that matches the
 * same ARNs in its place, whose fields hold no colon. Messages still show AWS's own.
 */
const saferPatterns: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "arn:aws.*:kinesis:.*:\\d{12}:channel/\\S+",
    "arn:aws.*:kinesis:.*:\\d{12}:queue/\\S+",
    "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+",
    "arn:aws.*:kinesis:.*:\\d{12}:.*(stream|channel|queue)/\\S+",
    "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+",
  ].map((pattern) => [pattern, pattern.replaceAll(".*", "[^:]*")]),
);

/** What the SDK's schemas say beyond botocore: XML root names, and error codes of awsQuery. */
interface Overlay {
  readonly roots: ReadonlyMap<string, string>;
  readonly errors: ReadonlyMap<string, readonly [code: string, status: number]>;
}

const shapeTraits = [
  "min",
  "max",
  "enum",
  "sensitive",
  "flattened",
  "locationName",
  "payload",
  "streaming",
  "timestampFormat",
  "union",
  "eventstream",
  "xmlNamespace",
] as const;

const memberTraits = [
  "location",
  "locationName",
  "queryName",
  "flattened",
  "streaming",
  "xmlAttribute",
  "xmlNamespace",
  "idempotencyToken",
  "eventpayload",
] as const;

function pick(from: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const kept: Record<string, unknown> = {};
  for (const name of names) if (from[name] !== undefined) kept[name] = from[name];
  return kept;
}

function reference(from: BotoReference): unknown {
  const traits = pick(from, memberTraits);
  return Object.keys(traits).length === 0 ? from.shape : { shape: from.shape, ...traits };
}

function references(from: Readonly<Record<string, BotoReference>>) {
  return Object.fromEntries(Object.entries(from).map(([name, to]) => [name, reference(to)]));
}

function checkPattern(name: string, pattern: string): string {
  const nested = /\([^()]*[+*}][^()]*\)[+*{]/.test(pattern) || /[+*}]\)[+*{]/.test(pattern);
  if (nested && !reviewedPatterns.has(pattern)) {
    throw new Error(`${name}: read this pattern, then list it: ${JSON.stringify(pattern)}`);
  }
  const wildcards = pattern.match(/(?:\.|\\S)[*+]/g)?.length ?? 0;
  if (wildcards > 2 && saferPatterns[pattern] === undefined) {
    throw new Error(`${name}: this pattern needs a safer one: ${JSON.stringify(pattern)}`);
  }
  compilePattern(pattern);
  return pattern;
}

function compactShape(
  name: string,
  shape: BotoShape,
  overlay: Overlay,
  own: Readonly<Record<string, string>> = {},
): unknown {
  const error = errorOf(name, shape, overlay);
  return {
    type: shape.type,
    ...pick(shape, shapeTraits),
    ...(shape.pattern !== undefined && { pattern: checkPattern(name, shape.pattern) }),
    ...pick({ matches: saferPatterns[shape.pattern ?? ""] }, ["matches"]),
    ...(overlay.roots.has(name) && { root: overlay.roots.get(name) }),
    ...(error && { error }),
    ...(shape.required?.length && { required: shape.required }),
    ...(shape.members && { members: { ...references(shape.members), ...own } }),
    ...(shape.member && { member: reference(shape.member) }),
    ...(shape.key && { key: reference(shape.key) }),
    ...(shape.value && { value: reference(shape.value) }),
  };
}

function errorOf(name: string, shape: BotoShape, overlay: Overlay) {
  const [code, status] = overlay.errors.get(name) ?? [];
  if (shape.exception !== true && shape.error === undefined) return undefined;
  return {
    ...pick({ code: shape.error?.code ?? code, status: shape.error?.httpStatusCode ?? status }, [
      "code",
      "status",
    ]),
    ...(shape.fault === true && { fault: true }),
  };
}

function compactOperation(operation: BotoOperation): unknown {
  const { method, requestUri, responseCode } = operation.http;
  return {
    ...(method !== "POST" && { method }),
    ...(requestUri !== "/" && { uri: requestUri }),
    ...(responseCode !== undefined && { status: responseCode }),
    ...(operation.input && { input: operation.input.shape }),
    ...(operation.input && pick({ inputRoot: operation.input["locationName"] }, ["inputRoot"])),
    ...(operation.output && { output: operation.output.shape }),
    ...(operation.output && pick({ wrapper: operation.output["resultWrapper"] }, ["wrapper"])),
    ...(operation.errors?.length && { errors: operation.errors.map(({ shape }) => shape) }),
    ...(operation.deprecated && { deprecated: true }),
    ...(operation.authtype === "none" && { unsigned: true }),
  };
}

/** Reads the schemas that an SDK client exports: `Name$` holds `[kind, namespace, name, traits, …]`. */
function readOverlay(client: string | undefined): Overlay {
  const roots = new Map<string, string>();
  const errors = new Map<string, readonly [string, number]>();
  const load = createRequire(import.meta.url);
  const exported = client === undefined ? {} : (load(client) as Record<string, unknown>);
  for (const [key, schema] of Object.entries(exported)) {
    if (!key.endsWith("$") || !Array.isArray(schema)) continue;
    const [, , name, traits] = schema as [unknown, unknown, string, Record<string, unknown> | 0];
    if (!traits) continue;
    const root = traits["xmlName"];
    const error = traits["awsQueryError"];
    if (typeof root === "string") roots.set(name, root);
    if (Array.isArray(error)) errors.set(name, [String(error[0]), Number(error[1])]);
  }
  return { roots, errors };
}

/** One operation or shape a line, so that a new botocore shows as a difference one can read. */
function lines(entries: readonly (readonly [string, unknown])[]): string {
  return entries
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(",\n");
}

function table(service: string, model: BotoModel, overlay: Overlay): string {
  const { metadata } = model;
  const head = {
    name: service,
    signingName: metadata.signingName ?? metadata.endpointPrefix,
    version: metadata.apiVersion,
    protocols: metadata.protocols ?? [metadata.protocol],
    ...pick(metadata, ["jsonVersion", "targetPrefix"]),
    ...pick({ xmlNamespace: metadata.xmlNamespace ?? namespaces[service] }, ["xmlNamespace"]),
    ...(metadata.awsQueryCompatible !== undefined && { queryCompatible: true }),
  };
  const operations = Object.entries(model.operations).map(
    ([name, operation]) => [name, compactOperation(operation)] as const,
  );
  const shapes = Object.entries(model.shapes).map(
    ([name, shape]) =>
      [name, compactShape(name, shape, overlay, ownMembers[service]?.[name])] as const,
  );
  const json = `${JSON.stringify(head).slice(0, -1)},
"operations":{
${lines(operations)}
},
"shapes":{
${lines(shapes)}
}}`;
  JSON.parse(json);
  return json
    .replaceAll("`", "\\u0060")
    .replaceAll("${", "\\u0024{")
    .replaceAll(/[^\n -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const header = `// Generated by scripts/generate-models.ts from botocore ${botocoreVersion} (Apache-2.0). Do not edit.\n`;

function main(): void {
  const folder = join("src", "wire", "models");
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  const names = Object.keys(services);
  for (const [service, model] of readModels(names)) {
    const json = table(service, model, readOverlay(services[service]));
    writeFileSync(
      join(folder, `${service}.ts`),
      `${header}/** The model of ${service}, as JSON. */\nexport const ${service} = String.raw\`${json}\`;\n`,
    );
  }
  const imports = names.map((name) => `import { ${name} } from "./${name}.ts";\n`).join("");
  writeFileSync(
    join(folder, "tables.ts"),
    `${header}${imports}\n/** Each service's model as text, to be parsed at its first use. */\n` +
      `export const tables: Readonly<Record<string, string>> = { ${names.join(", ")} };\n`,
  );
}

main();
