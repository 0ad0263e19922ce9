import type { Typed } from "../conversion.ts";
import type { Building } from "./row.ts";

const digitsMax = 340;

interface NumberFormat {
  readonly grouped: boolean;
  /** How many digits stand behind the point at least, and at most. */
  readonly least: number;
  readonly most: number;
}

/** Reads `#,###.##`: groups of thousands or none, and the digits behind the point. */
function readFormat(pattern: string, building: Building): NumberFormat {
  const [, whole = "", zeros = "", more = ""] = /^([#,]*[#0])(?:\.(0*)(#*))?$/.exec(pattern) ?? [];
  const grouped = whole.includes(",");
  const most = zeros.length + more.length;
  const isKnown = grouped ? /,[#0]{3}$/.test(whole.replace(/0$/, "#")) : whole !== "";
  if (!isKnown || most > digitsMax || (zeros !== "" && !whole.endsWith("0")))
    return building.refuse(`FORMAT_NUMBER takes no format such as '${pattern}'`);
  return { grouped, least: zeros.length, most };
}

/** FORMAT_NUMBER(number, digits) and FORMAT_NUMBER(number, '#,###.##'). */
export function formatNumber([value, shape]: readonly Typed[], building: Building): string {
  if (!value || shape?.literal === null || shape?.literal === undefined) return "NULL";
  if (typeof shape.literal === "string") {
    const { grouped, least, most } = readFormat(shape.literal, building);
    const text = `format('{:${grouped ? "," : ""}.${most}f}', CAST(${value.sql} AS DOUBLE))`;
    if (most === least) return text;
    const cut = `regexp_replace(${text}, '0{1,${most - least}}$', '')`;
    return least > 0 ? cut : `rtrim(${cut}, '.')`;
  }
  const digits = Number(shape.literal);
  if (!Number.isInteger(digits) || digits < 0 || digits > digitsMax)
    return building.refuse(`FORMAT_NUMBER takes 0 to ${digitsMax} digits behind the point`);
  return value.type.kind === "decimal"
    ? `odps_decimal_digits(CAST(round(${value.sql}, ${digits}) AS VARCHAR), ${digits})`
    : `format('{:,.${digits}f}', ${value.sql})`;
}
