import type { Command, PrivilegeTerms } from "./command.ts";
import {
  checkDays,
  readExpiry,
  readObject,
  readPrincipal,
  readProperties,
  readTable,
} from "./parse-parts.ts";
import type { Reader } from "./reader.ts";

/** What comes after `grant`. */
export function parseGrant(reader: Reader): Command {
  if (reader.takes("label")) {
    const label = reader.number("a label");
    reader.expect("on");
    const table = readTable(reader);
    reader.expect("to");
    const principal = readPrincipal(reader);
    return { kind: "grant-label", label, table, principal, expiresDays: readExpiry(reader) };
  }
  if (reader.sees("super")) throw reader.refuse("grant role super_administrator instead");
  return parsePrivileges(reader, "grant");
}

/** What comes after `revoke`. */
export function parseRevoke(reader: Reader): Command {
  if (reader.takes("label")) {
    reader.expect("on");
    const table = readTable(reader);
    reader.expect("from");
    return { kind: "revoke-label", table, principal: readPrincipal(reader) };
  }
  if (reader.sees("super")) throw reader.refuse("revoke role super_administrator instead");
  return parsePrivileges(reader, "revoke");
}

interface Privilege {
  readonly name: string;
  readonly columns: readonly string[] | undefined;
}

function readPrivilege(reader: Reader): Privilege {
  const name = reader.name("a privilege or role");
  const columns = reader.takes("(") ? reader.list(() => reader.name("a column")) : undefined;
  if (columns) reader.expect(")");
  return { name, columns };
}

/** Privileges have `on` after them, roles do not. */
function parsePrivileges(reader: Reader, verb: "grant" | "revoke"): Command {
  const to = verb === "grant" ? "to" : "from";
  const named = reader.sees("role") && !reader.follows(to) && !reader.follows(",");
  if (named) reader.expect("role");
  const list = reader.list(() => readPrivilege(reader));
  if (named || !reader.takes("on")) {
    if (list.some(({ columns }) => columns !== undefined))
      throw reader.refuse("expected on: only privileges have columns");
    reader.expect(to);
    const users = reader.list(() => {
      reader.takes("user");
      return reader.name("a user");
    });
    return { kind: `${verb}-roles`, roles: list.map(({ name }) => name), users };
  }
  return { kind: verb, ...readTerms(reader, list, to) };
}

function readTerms(reader: Reader, list: readonly Privilege[], to: "to" | "from"): PrivilegeTerms {
  const object = readObject(reader, [to]);
  const own = list.map(({ columns }) => columns?.join(","));
  if (own.some((columns) => columns !== own[0]))
    throw reader.refuse("all privileges of one command speak of the same columns");
  const [first] = list;
  if (first?.columns !== undefined && object.columns !== undefined)
    throw reader.refuse("columns stand there twice");
  reader.expect(to);
  const principal = readPrincipal(reader);
  if (reader.sees("with")) throw reader.refuse("privileges are not granted with a grant option");
  const properties = readProperties(reader, ["policy", "allow", "conditions", "expires"]);
  const days = properties.get("expires");
  if (days !== undefined) {
    if (!/^\d{1,5}$/.test(days)) throw reader.refuse('"expires" is a number of days');
    checkDays(reader, Number(days));
  }
  return {
    privileges: list.map(({ name }) => name),
    object: { ...object, columns: first?.columns ?? object.columns },
    principal,
    policy: readFlag(reader, properties, "policy", false),
    allow: readFlag(reader, properties, "allow", true),
    conditions: properties.get("conditions"),
    expiresDays: days === undefined ? undefined : Number(days),
  };
}

function readFlag(
  reader: Reader,
  properties: ReadonlyMap<string, string>,
  name: string,
  otherwise: boolean,
): boolean {
  const value = properties.get(name)?.toLowerCase();
  if (value === undefined) return otherwise;
  if (value !== "true" && value !== "false") throw reader.refuse(`"${name}" is true or false`);
  return value === "true";
}
