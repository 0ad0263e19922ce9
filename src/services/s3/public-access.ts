/** Condition keys that make a statement for everybody not public (S3 user guide, the meaning of "public"). */
const narrowing = new Set([
  "aws:principalorgid",
  "aws:principalarn",
  "aws:principalaccount",
  "aws:sourcearn",
  "aws:sourceaccount",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:sourceip",
  "aws:userid",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
]);

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

/** Whether a bucket policy opens the bucket to everybody. `policy` is the text of a policy that compiles. */
export function isPublic(policy: string): boolean {
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | readonly Statement[] };
  const statements = Array.isArray(Statement) ? (Statement as readonly Statement[]) : [Statement];
  return (statements as readonly Statement[]).some(
    (one) => one.Effect === "Allow" && forEverybody(one) && !narrowed(one.Condition),
  );
}

function forEverybody({ Principal, NotPrincipal }: Statement): boolean {
  if (NotPrincipal !== undefined) return true;
  if (Principal === "*") return true;
  if (typeof Principal !== "object" || Principal === null) return false;
  return Object.values(Principal).flat().includes("*");
}

/** Only operators that hold a key to fixed values narrow; `StringNotEquals` and the like do not. */
function narrowed(condition: unknown): boolean {
  if (typeof condition !== "object" || condition === null) return false;
  return Object.entries(condition).some(
    ([operator, keys]) =>
      !/not|null|ifexists/i.test(operator) &&
      typeof keys === "object" &&
      keys !== null &&
      Object.entries(keys).some(
        ([key, values]) => narrowing.has(key.toLowerCase()) && [values].flat().every(isFixed),
      ),
  );
}

const isFixed = (value: unknown): boolean =>
  typeof value === "string" && !/[*?]/.test(value) && !/\/0$/.test(value) && value !== "";
