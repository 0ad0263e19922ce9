import { sha256 } from "../lib/hash.ts";
import { isSignedBy, type Signer } from "../lib/signature.ts";

/**
 * A signed statement of the tree for everybody: a C2SP signed note with the body of a tlog checkpoint. Whoever keeps
 * one elsewhere can prove later that what it covers was changed or taken away.
 */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly timeMs: number;
}

/** A checkpoint as read, with what is needed to check its signature. */
export interface Note extends Checkpoint {
  readonly text: string;
  readonly body: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Buffer }[];
}

/** The public key by which auditors verify, as in `trail.pub`. */
export interface VerifierKey {
  readonly origin: string;
  readonly publicKey: Buffer;
}

const ed25519 = 0x01;

/** First bytes of a signature: which key made it. */
function keyId({ origin, publicKey }: VerifierKey): Buffer {
  const named = Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(ed25519), publicKey]);
  return sha256(named).subarray(0, 4);
}

/** The verifier key as C2SP writes it: `origin+id+key`. */
export function writeVerifierKey(key: VerifierKey): string {
  const encoded = Buffer.concat([Buffer.of(ed25519), key.publicKey]).toString("base64");
  return `${key.origin}+${keyId(key).toString("hex")}+${encoded}`;
}

/** Reads a verifier key; undefined when it is not one. */
export function readVerifierKey(text: string): VerifierKey | undefined {
  const [line = "", ...rest] = text.split("\n");
  const [, origin = "", encoded = ""] = /^([^\s+]+)\+[0-9a-f]{8}\+(\S+)$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  const key = { origin, publicKey: bytes.subarray(1) };
  return bytes.length === 33 && writeVerifierKey(key) === line && rest.join("") === ""
    ? key
    : undefined;
}

/** Signs a checkpoint. */
export function writeNote({ origin, size, root, timeMs }: Checkpoint, signer: Signer): string {
  const time = new Date(timeMs).toISOString();
  const body = `${origin}\n${size}\n${root.toString("base64")}\ntime ${time}\n`;
  const id = keyId({ origin, publicKey: signer.publicKey });
  const signature = Buffer.concat([id, signer.sign(Buffer.from(body))]).toString("base64");
  return `${body}\n— ${origin} ${signature}\n`;
}

/** Whether the holder of the key signed the note. */
export function isNoteSigned(note: Note, key: VerifierKey): boolean {
  const id = keyId(key);
  return note.signatures.some(
    ({ name, bytes }) =>
      name === key.origin &&
      note.origin === key.origin &&
      bytes.subarray(0, 4).equals(id) &&
      isSignedBy(key.publicKey, Buffer.from(note.body), bytes.subarray(4)),
  );
}

/**
 * One note after the other, each followed by an empty line. The last is `torn` if bytes are missing at its end, as
 * after a crash; one that is long enough, and still not a note, was changed.
 */
export function readNotes(
  text: string,
  origin: string,
): { note: Note | undefined; text: string; torn: boolean }[] {
  const parts = text.split(/(?<=\n— [^\n]*\n)\n/);
  const rest = parts.pop() ?? "";
  const notes = parts.map((part) => ({ note: readNote(part), text: `${part}\n`, torn: false }));
  const wholeSize = 2 * origin.length + 176;
  return rest === ""
    ? notes
    : [...notes, { note: undefined, text: rest, torn: rest.length < wholeSize }];
}

/** Reads one note; undefined when it has not the form of one. */
export function readNote(text: string): Note | undefined {
  const cut = text.indexOf("\n\n— ");
  if (cut < 0 || !text.endsWith("\n")) return undefined;
  const body = text.slice(0, cut + 1);
  const [origin = "", size = "", root = "", ...more] = body.split("\n");
  if (origin === "" || !/^(0|[1-9]\d{0,14})$/.test(size)) return undefined;
  const time = more.find((line) => line.startsWith("time "))?.slice(5) ?? "";
  const signatures = text
    .slice(cut + 2)
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, name = "", bytes = ""] = line.split(" ");
      return { name, bytes: Buffer.from(bytes, "base64") };
    });
  const rootBytes = Buffer.from(root, "base64");
  if (rootBytes.length !== 32 || writeSignatures(signatures) !== text.slice(cut + 2))
    return undefined;
  return {
    text,
    body,
    origin,
    size: Number(size),
    root: rootBytes,
    timeMs: Date.parse(time),
    signatures,
  };
}

const writeSignatures = (signatures: Note["signatures"]): string =>
  signatures.map(({ name, bytes }) => `— ${name} ${bytes.toString("base64")}\n`).join("");
