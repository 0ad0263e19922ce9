import { quoteText } from "../../sql/quote.ts";

/** Directory, in the cell's work directory, of the files that queries read and write. */
export const dataFolder = "data";
/** Directory in it of files that are not whole yet. */
export const halfFolder = ".half";

/** A data file as queries name it. */
export const fileText = (name: string): string => quoteText(`/work/${dataFolder}/${name}`);

const nameMax = 400;
const partMax = 12;
const part = /^[A-Za-z0-9_][A-Za-z0-9_.=%-]*$/;

/** Refuses the name of a data file that is no plain path below the data directory. */
export function checkFile(name: string): string {
  const parts = name.split("/");
  const fits = name.length <= nameMax && parts.length <= partMax;
  if (fits && parts.every((each) => part.test(each) && !each.includes(".."))) return name;
  throw new Error(`\`${name.slice(0, 100)}\` is no name of a data file`);
}
