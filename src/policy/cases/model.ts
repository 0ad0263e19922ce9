/**
 * The policy language written a second time, as plainly as possible and straight from the documents: nothing is
 * compiled, nothing is fast. The judge must agree with it on every question that the dice bring up.
 */
import type { Asker, Fact } from "../question.ts";
import { factOf, home, object, type Scene, type Source } from "./scene.ts";

type Find = (key: string) => Fact;

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const textsOf = (value: unknown): string[] => listOf(value).map(String);
const isRecord = (value: unknown): value is Source =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A character that matches itself, or a wildcard. */
interface Sign {
  readonly text: string;
  readonly wild: boolean;
}

/** Replaces variables; undefined when one has no value. */
function expand(pattern: string, find: Find): Sign[] | undefined {
  const signs: Sign[] = [];
  for (const token of pattern.match(/\$\{[^}]*\}|./gs) ?? []) {
    if (!token.startsWith("${")) {
      signs.push({ text: token, wild: token === "*" || token === "?" });
      continue;
    }
    const inner = token.slice(2, -1);
    const [key = "", fallback] = inner.split(/\s*,\s*/);
    const value = inner.length === 1 ? inner : (find(key.toLowerCase()) ?? fallback?.slice(1, -1));
    if (typeof value !== "string") return undefined;
    for (const text of value.split("")) signs.push({ text, wild: false });
  }
  return signs;
}

/** Matching as the definition has it: a table of which prefixes fit which. */
function isLike(signs: readonly Sign[], text: string): boolean {
  let row = [true, ...new Array<boolean>(text.length).fill(false)];
  for (const sign of signs) {
    const next = [sign.wild && sign.text === "*" && row[0] === true];
    for (let at = 1; at <= text.length; at += 1) {
      if (sign.wild && sign.text === "*") next.push(row[at] === true || next[at - 1] === true);
      else next.push(row[at - 1] === true && (sign.wild || sign.text === text[at - 1]));
    }
    row = next;
  }
  return row[text.length] === true;
}

/** `*` and `?` without variables. */
export const isLikeText = (pattern: string, text: string): boolean =>
  isLike(
    pattern.split("").map((sign) => ({ text: sign, wild: sign === "*" || sign === "?" })),
    text,
  );

function isLikeArn(pattern: string, text: string, find: Find): boolean {
  // Colons within a variable are no separators.
  const parts = (pattern.match(/(?:\$\{[^}]*\}|[^:])*(?::|$)/g) ?? []).map((p) =>
    p.replace(/:$/, ""),
  );
  const head = parts.slice(0, 5);
  const tail = parts.slice(5, pattern.endsWith(":") ? undefined : -1).join(":");
  const given = text.split(":");
  if (given.length < 6) return false;
  const wanted = [...head, tail];
  const found = [...given.slice(0, 5), given.slice(5).join(":")];
  return wanted.every((part, at) => {
    const signs = expand(part, find);
    return signs !== undefined && isLike(signs, found[at] ?? "");
  });
}

function coversAction(statement: Source, action: string): boolean {
  const named = textsOf(statement["Action"] ?? statement["NotAction"]).some((text) =>
    isLikeText(text.toLowerCase(), action.toLowerCase()),
  );
  return "Action" in statement ? named : !named;
}

function coversResource(statement: Source, resource: string, find: Find): boolean {
  if (!("Resource" in statement) && !("NotResource" in statement)) return true;
  const named = textsOf(statement["Resource"] ?? statement["NotResource"]).some(
    (text) => text === "*" || isLikeArn(text, resource, find),
  );
  return "Resource" in statement ? named : !named;
}

function equals(base: string, wanted: string, given: string, find: Find): boolean {
  switch (base) {
    case "StringEquals": {
      const signs = expand(wanted, find);
      return signs !== undefined && signs.map(({ text }) => text).join("") === given;
    }
    case "StringLike": {
      const signs = expand(wanted, find);
      return signs !== undefined && isLike(signs, given);
    }
    case "ArnLike":
      return isLikeArn(wanted, given, find);
    case "NumericLessThan":
      return given !== "" && Number(given) < Number(wanted);
    case "Bool":
      return wanted === given;
    default:
      throw new Error(`the model does not know ${base}`);
  }
}

function holds(operator: string, wanted: readonly string[], given: Fact, find: Find): boolean {
  const values = given === undefined ? [] : typeof given === "string" ? [given] : given;
  const missing = values.length === 0;
  if (operator === "Null") return wanted.includes(String(missing));
  const qualifier = /^(\w+):/.exec(operator)?.[1];
  const ifExists = operator.endsWith("IfExists");
  const name = operator.replace(/^\w+:/, "").replace(/IfExists$/, "");
  const negated = name.includes("Not");
  const base = name.replace("Not", "");
  const fits = (value: string): boolean => wanted.some((text) => equals(base, text, value, find));
  if (missing && ifExists) return true;
  if (qualifier === "ForAllValues") return values.every((value) => fits(value) !== negated);
  if (qualifier === "ForAnyValue") return values.some((value) => fits(value) !== negated);
  return negated ? !values.some(fits) : values.some(fits);
}

function meetsCondition(statement: Source, find: Find): boolean {
  const condition = statement["Condition"];
  if (!isRecord(condition)) return true;
  return Object.entries(condition).every(([operator, lines]) =>
    Object.entries(isRecord(lines) ? lines : {}).every(([key, wanted]) =>
      holds(operator, textsOf(wanted), find(key.toLowerCase()), find),
    ),
  );
}

type Naming = "direct" | "role" | "account";

function namesOf(principal: unknown, asker: Asker): Naming[] {
  if (principal === "*") return ["direct"];
  const found: Naming[] = [];
  for (const [kind, value] of Object.entries(isRecord(principal) ? principal : {})) {
    for (const name of textsOf(value)) {
      if (kind === "Service" && asker.kind === "service" && name === asker.arn)
        found.push("direct");
      if (kind !== "AWS") continue;
      if (name === "*") found.push("direct");
      if (asker.account === "") continue;
      if (name === asker.sessionArn) found.push("direct");
      if (name === asker.arn && asker.kind === "user") found.push("direct");
      if (name === asker.arn && asker.kind === "session") found.push("role");
      if (name === asker.account || name === `arn:aws:iam::${asker.account}:root`)
        found.push(asker.kind === "root" ? "direct" : "account");
    }
  }
  return found;
}

function namings(statement: Source, asker: Asker): Naming[] {
  if (!("NotPrincipal" in statement)) return namesOf(statement["Principal"], asker);
  const listed = statement["NotPrincipal"];
  if (statement["Effect"] === "Allow") return namesOf(listed, asker).length > 0 ? [] : ["direct"];
  if (listed === "*") return [];
  const names = textsOf(isRecord(listed) ? listed["AWS"] : "");
  const account =
    names.includes(asker.account) || names.includes(`arn:aws:iam::${asker.account}:root`);
  const self = asker.kind === "root" || names.includes(asker.arn);
  const own = asker.sessionArn === undefined || names.includes(asker.sessionArn);
  const known = asker.account !== "";
  const spared = names.includes("*") || (known && account && self && own);
  return spared ? [] : ["direct"];
}

/** What the model says to a scene: `allowed`, or how it is refused. */
export function model(scene: Scene): "allowed" | "explicit" | "implicit" {
  const { asker } = scene;
  const find = factOf(scene.facts ?? {});
  const speaking = (sources: readonly Source[] = []): Source[] =>
    sources
      .filter((source) => coversAction(source, scene.action ?? "s3:GetObject"))
      .filter((source) => coversResource(source, scene.resource ?? object, find))
      .filter((source) => meetsCondition(source, find));
  const says = (sources: readonly Source[], effect: string): boolean =>
    sources.some((source) => source["Effect"] === effect);

  const alone = asker.kind === "service" || asker.kind === "anonymous";
  const onResource = speaking(scene.trust ?? scene.resourcePolicy);
  const named = onResource.filter((source) => namings(source, asker).length > 0);
  const identity = alone ? [] : speaking(scene.identity);
  const boundary = alone ? [] : speaking(scene.boundary);
  const session = alone ? [] : speaking(scene.session);
  if ([named, identity, boundary, session].some((layer) => says(layer, "Deny"))) return "explicit";

  const ways = named.flatMap((source) => namings(source, asker));
  const granted = (scene.grants ?? []).length > 0;
  const within =
    (scene.boundary === undefined || says(boundary, "Allow")) &&
    (scene.session === undefined || says(session, "Allow"));
  const mayLeave = (asker.kind === "root" || says(identity, "Allow")) && within;
  const foreign = asker.account !== (scene.owner ?? home);
  let allowed: boolean;
  if (alone) allowed = ways.includes("direct") || granted;
  else if (foreign) allowed = (ways.length > 0 || granted) && mayLeave;
  else
    allowed =
      ways.includes("direct") ||
      (granted && (asker.kind !== "session" || within)) ||
      (ways.includes("role") && within) ||
      ((scene.authority !== "resource" || ways.includes("account")) && mayLeave);
  return allowed ? "allowed" : "implicit";
}
