import { quoteText } from "./quote.ts";

const mark = "odps_said:";

/** An expression that ends the statement, in words that the statement itself holds: `ODPS-..` and what it says. */
export const saidError = (code: string, words: string): string =>
  `error(${quoteText(`${mark}${Buffer.from(`${code}\n${words}`).toString("hex")}`)})`;

/** What an engine's error says in the words of its statement; undefined where the statement holds no such words. */
export function readSaid(
  message: string,
  sql: string,
): { readonly code: string; readonly words: string } | undefined {
  const [said, hex = ""] = /odps_said:([0-9a-f]+)/.exec(message) ?? [];
  // A value that looks so is not told.
  if (said === undefined || !sql.includes(quoteText(said))) return undefined;
  const [code = "", words = ""] = Buffer.from(hex, "hex")
    .toString("utf8")
    .split(/\n(.*)/s);
  return { code, words };
}
