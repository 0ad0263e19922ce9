import { shellWord } from "../options.ts";

/** Bytes in an input or output of a client. */
export interface Bytes {
  readonly $bytes: string;
}

/** A value that the command line takes from a file, for its length; an SDK takes the value itself. */
export interface FileValue {
  readonly $file: string;
  readonly value: Value;
}

/** What inputs and outputs of an API are made of. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | Bytes
  | FileValue
  | { readonly [name: string]: Value };

export type Input = { readonly [name: string]: Value };

/** One call of an API by one person. */
export interface ApiRequest {
  /** Name of the profile. */
  readonly as: string;
  /** As botocore names it: `kinesis`. */
  readonly service: string;
  /** `PutRecords` */
  readonly operation: string;
  readonly input: Input;
}

export const bytes = (data: string | Uint8Array): Bytes => ({
  $bytes: Buffer.from(data).toString("base64"),
});

export const isBytes = (value: unknown): value is Bytes =>
  typeof value === "object" && value !== null && "$bytes" in value;

const isFile = (value: unknown): value is FileValue =>
  typeof value === "object" && value !== null && "$file" in value;

/** The input without its files: what an SDK is given. */
export function plainInput(value: Value): Value {
  if (isFile(value)) return plainInput(value.value);
  if (typeof value !== "object" || value === null || isBytes(value)) return value;
  if (Array.isArray(value)) return value.map(plainInput);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, plainInput(inner)]),
  );
}

/** `StartStreamEncryption` → `start-stream-encryption`, `KMSKeyId` → `kms-key-id`. */
export const kebab = (name: string): string =>
  name
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();

/** Words of the AWS CLI; `write` puts a value into a file and answers its path. */
export function cliWords(
  { as, service, operation, input }: ApiRequest,
  write: (name: string, text: string) => string,
): string[] {
  const words = ["aws", service === "s3" ? "s3api" : service, kebab(operation), "--profile", as];
  for (const [name, value] of Object.entries(input)) {
    const option = `--${kebab(name)}`;
    if (value === true) words.push(option);
    else if (value === false) words.push(`--no-${kebab(name)}`);
    else if (isFile(value)) words.push(option, `file://${write(value.$file, textOf(value.value))}`);
    else words.push(option, textOf(value));
  }
  return words;
}

const textOf = (value: Value): string =>
  typeof value === "string" ? value : JSON.stringify(plainInput(value), null, 0);

/** A line that a shell reads back to the same words. */
export const shellLine = (words: readonly string[]): string => words.map(shellWord).join(" ");

/** The call as it reads in Python. */
export function pythonLine({ as, service, operation, input }: ApiRequest): string {
  const call = kebab(operation).replaceAll("-", "_");
  const args = Object.entries(input).map(([name, value]) => `${name}=${pythonValue(value)}`);
  return `${as}.${service}.${call}(${args.join(", ")})`;
}

const shownMax = 60;

function pythonValue(value: Value): string {
  if (isFile(value)) return pythonValue(value.value);
  if (isBytes(value)) return `b'…'`;
  const text =
    typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(plainInput(value));
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** The call as it reads in JavaScript. */
export function scriptLine({ as, service, operation, input }: ApiRequest): string {
  const call = operation[0]?.toLowerCase() + operation.slice(1);
  const text = JSON.stringify(plainInput(input));
  return `await ${as}.${service}.${call}(${text.length > 160 ? `${text.slice(0, 160)}…` : text})`;
}
