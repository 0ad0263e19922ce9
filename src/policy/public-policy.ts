import type { Test } from "./condition.ts";
import { parseIpRange } from "./ip-range.ts";
import type { Policy, Statement } from "./policy.ts";

/** Condition keys whose fixed values keep a statement for everyone from being public, as S3 counts it. */
const narrowing: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
]);

const positive = /^(?:String(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Equals|Like))$/;

/** Widest networks that are not the public: S3's own bounds. */
const [ipv4BitsLeast, ipv6BitsLeast] = [8, 32];

/** Whether a resource policy lets the public in: everyone, without a condition on fixed values. */
export const isPublic = (policy: Policy): boolean => policy.statements.some(admitsPublic);

function admitsPublic({ effect, principals, tests }: Statement): boolean {
  if (effect !== "allow" || !principals) return false;
  return (principals.everyone || principals.negated) && !tests.some(isNarrow);
}

function isNarrow({ operator, key, values }: Test): boolean {
  const lower = key.toLowerCase();
  if (lower === "aws:sourceip") return operator === "IpAddress" && values.every(isSmallNetwork);
  return narrowing.has(lower) && positive.test(operator) && values.every(isFixed(lower));
}

function isSmallNetwork(value: string): boolean {
  const range = parseIpRange(value);
  if (!range) return false;
  return range.bits >= (range.groups.length === 2 ? ipv4BitsLeast : ipv6BitsLeast);
}

/** A value without wildcards and variables; `aws:userid` may end in `:*`, every session of one role. */
const isFixed =
  (key: string) =>
  (value: string): boolean =>
    !/[*?]|\$\{/.test(key === "aws:userid" ? value.replace(/^(A[A-Z0-9]+):\*$/, "$1") : value);
