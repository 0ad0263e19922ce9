import { compileOdpsCondition, type OdpsTest } from "../../policy/odps/condition.ts";
import { PolicyError } from "../../policy/policy-error.ts";

const lengthMax = 4096;

const line =
  /^\s*(?:lower\s*\(\s*([\w:]+)\s*\)|([\w:]+))\s*(!=|<=|>=|=|<|>|not\s+like|like|not\s+in|in)\s*(\((?:[^()']|'[^']*')*\)|'[^']*'|"[^"]*"|[\w.:/+-]+)\s*(?:and\s+|$)/iy;

type Family = "String" | "Numeric" | "Date" | "Ip" | "Bool";

const familyOf = (key: string): Family => {
  if (/time$/i.test(key)) return "Date";
  if (/^acs:sourceip$/i.test(key)) return "Ip";
  return /^acs:(securetransport|mfapresent)$/i.test(key) ? "Bool" : "String";
};

/** The policy language's operators for those of the text form; what is not here does not fit the key. */
const operators: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  String: {
    "=": "StringEquals",
    "!=": "StringNotEquals",
    in: "StringEquals",
    "not in": "StringNotEquals",
    like: "StringLike",
    "not like": "StringNotLike",
  },
  Numeric: {},
  Date: {
    "=": "DateEquals",
    "!=": "DateNotEquals",
    "<": "DateLessThan",
    "<=": "DateLessThanEquals",
    ">": "DateGreaterThan",
    ">=": "DateGreaterThanEquals",
  },
  Ip: { "=": "IpAddress", "!=": "NotIpAddress", in: "IpAddress", "not in": "NotIpAddress" },
  Bool: { "=": "Bool" },
};

/**
 * Compiles a condition in the text form of grants, `acs:SourceIp in ('10.0.0.0/8') and odps:CurrentTime < '2027-01-01'`.
 * Throws `PolicyError`.
 */
export function compileConditionText(text: string, effect: "allow" | "deny"): readonly OdpsTest[] {
  if (text.length > lengthMax)
    throw new PolicyError(`conditions are longer than ${lengthMax} characters`);
  const tests: OdpsTest[] = [];
  line.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    line.lastIndex = at;
    const parts = line.exec(text);
    if (!parts)
      throw new PolicyError(`conditions cannot be read from \`${text.slice(at, at + 40)}\``);
    const [whole, lowered, plain = "", sign = "", value = ""] = parts;
    tests.push(
      ...compileLine(lowered ?? plain, sign.toLowerCase().replace(/\s+/, " "), value, effect),
    );
    at += whole.length;
    if (at === text.length && /\band\s*$/i.test(whole))
      throw new PolicyError("conditions end in `and`");
  }
  if (tests.length === 0) throw new PolicyError("conditions are empty");
  return tests;
}

function compileLine(
  key: string,
  sign: string,
  value: string,
  effect: "allow" | "deny",
): readonly OdpsTest[] {
  const operator = operators[familyOf(key)][sign];
  if (operator === undefined)
    throw new PolicyError(`\`${sign}\` does not suit the condition key ${key}`);
  const values = value.startsWith("(") ? readList(value.slice(1, -1)) : [unquote(value)];
  const read = sign.endsWith("like") ? values.map((one) => one.replaceAll("%", "*")) : values;
  return compileOdpsCondition({ [operator]: { [key]: read } }, effect);
}

function readList(text: string): string[] {
  const values = text.match(/'[^']*'|[^\s,']+/g) ?? [];
  return values.map(unquote);
}

const unquote = (text: string): string => (/^(['"]).*\1$/s.test(text) ? text.slice(1, -1) : text);
