import { many } from "./form.ts";
import { compilePieces, isLiteral, type Matcher, type Piece, textOf } from "./pattern.ts";

/** The six parts of an ARN; the last may hold `:` and `/`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly resource: string;
}

/** Takes an ARN apart; undefined when the text is none. */
export function parseArn(text: string): Arn | undefined {
  const [head, partition, service, region, account] = text.split(":", 5);
  if (head !== "arn" || !partition || !service) return undefined;
  if (region === undefined || account === undefined) return undefined;
  const start = head.length + partition.length + service.length + region.length + account.length;
  const resource = text.slice(start + 5);
  return resource === "" ? undefined : { partition, service, region, account, resource };
}

const colon = ":".charCodeAt(0);

/** Parts of a pattern, split at its own colons: a variable's value never moves a part. */
function splitPieces(pieces: readonly Piece[]): Piece[][] {
  const parts: Piece[][] = [[]];
  for (const piece of pieces) {
    if (piece === colon && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(piece);
  }
  return parts;
}

/** How a pattern with fewer than six parts is read. */
export type ShortArns = "complete" | "matchNothing";

/**
 * Compiles an ARN pattern that is matched part by part, so that no wildcard reaches over a colon between parts.
 * Answers undefined when the pattern does not begin with `arn:`.
 */
export function compileArn(pieces: readonly Piece[], short: ShortArns): Matcher | undefined {
  const parts = splitPieces(pieces);
  if (parts.length < 2 || textOf(parts[0] ?? []) !== "arn" || !isLiteral(parts[0] ?? []))
    return undefined;
  if (parts.length < 6 && short === "matchNothing") return () => false;
  // AWS completes `arn:aws:sqs` to `arn:aws:sqs:*:*:*`.
  while (parts.length < 6) parts.push([many]);
  const head = parts.slice(0, 5);
  const tail = parts[5] ?? [];
  if (head.every(isLiteral)) {
    // Text and one `*` at the end, the usual pattern, compares in one go.
    if (isLiteral(tail.at(-1) === many ? tail.slice(0, -1) : tail))
      return compilePieces([...head.flatMap((part) => [...part, colon]), ...tail]);
    const last = compilePieces(tail);
    const prefix = `${head.map(textOf).join(":")}:`;
    return (text, fact) => text.startsWith(prefix) && last(text.slice(prefix.length), fact);
  }
  const matchers = head.map((part) => compilePieces(part));
  const last = compilePieces(tail);
  return (text, fact) => {
    let start = 0;
    for (const matches of matchers) {
      const end = text.indexOf(":", start);
      if (end === -1 || !matches(text.slice(start, end), fact)) return false;
      start = end + 1;
    }
    return last(text.slice(start), fact);
  };
}
