import { readFile } from "node:fs/promises";
import type { Signer } from "../lib/signature.ts";
import { isNoteSigned, type Note, readNote, readNotes, readVerifierKey } from "./checkpoint.ts";
import { isAuthentic, readHeads } from "./head.ts";
import { trailPaths } from "./paths.ts";
import type { Finding, Report } from "./report.ts";

/** A statement about the log: so many events hash to this root. */
export interface Anchor {
  readonly from: "head" | "checkpoint" | "witness";
  readonly size: number;
  readonly root: Buffer;
  readonly timeMs: number;
}

export interface Anchors {
  readonly list: readonly Anchor[];
  readonly findings: readonly Finding[];
  readonly origin: string | undefined;
  readonly publicKeyFrom: Report["publicKeyFrom"];
}

/** Reads every statement about the log, and drops those that were not made by the trail. */
export async function readAnchors(options: {
  readonly directory: string;
  /** Verifier key of the installation; without it the one beside the trail is taken. */
  readonly publicKey?: string;
  readonly witnesses?: readonly string[];
  readonly signer?: Signer;
}): Promise<Anchors> {
  const paths = trailPaths(options.directory);
  const findings: Finding[] = [];
  const list: Anchor[] = [];
  const text = options.publicKey ?? (await readText(paths.publicKey));
  const key = text === undefined ? undefined : readVerifierKey(text);
  if (!key) {
    const detail = "checkpoints cannot be verified without the installation's public key";
    findings.push({ what: "unknown public key", where: paths.publicKey, detail });
  }

  let covered = 0;
  for (const { slot, head } of readHeads((await readText(paths.heads)) ?? "")) {
    const where = `slot ${slot} of ${paths.heads}`;
    if (!head || (options.signer && !isAuthentic(head, options.signer))) {
      findings.push({
        what: "forged head",
        where,
        detail: "the head was not written by the trail",
      });
    } else {
      list.push({ from: "head", size: head.size, root: head.root, timeMs: head.timeMs });
      covered = Math.max(covered, head.covered);
    }
  }

  function take(note: Note | undefined, from: Anchor["from"], where: string): void {
    if (note && key && isNoteSigned(note, key)) {
      list.push({ from, size: note.size, root: note.root, timeMs: note.timeMs });
    } else if (key) {
      const detail = note ? "its signature is not by the public key" : "it cannot be read";
      findings.push({ what: "forged checkpoint", where, detail });
    }
  }
  const notes = readNotes((await readText(paths.checkpoints)) ?? "", key?.origin ?? "");
  for (const [index, { note, torn }] of notes.entries()) {
    // The last one may have been torn by a crash: it says nothing.
    if (!torn) take(note, "checkpoint", checkpointName(index + 1, note));
  }
  for (const [index, witness] of (options.witnesses ?? []).entries()) {
    take(readNote(witness), "witness", `witness ${index + 1}`);
  }
  findings.push(...missingAnchors(list, covered));
  return {
    list: list.sort((left, right) => left.size - right.size),
    findings,
    origin: key?.origin,
    publicKeyFrom: !key ? "none" : options.publicKey === undefined ? "trail" : "given",
  };
}

/** `covered`: what the heads say of the last checkpoint. */
function missingAnchors(list: readonly Anchor[], covered: number): Finding[] {
  if (!list.some(({ from }) => from === "head")) {
    const detail = "nothing tells how many events were acknowledged";
    return [{ what: "missing heads", where: "file of heads", detail }];
  }
  if (list.some(({ from, size }) => from === "checkpoint" && size >= covered)) return [];
  if (covered === 0) return [];
  const detail = `one of ${covered} events was signed, and is not there`;
  return [{ what: "missing checkpoints", where: "file of checkpoints", detail }];
}

const checkpointName = (number: number, note: Note | undefined): string =>
  note ? `checkpoint ${number} of ${note.size} events` : `checkpoint ${number}`;

const readText = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch(() => undefined);
