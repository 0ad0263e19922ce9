import { isObjectType } from "../../policy/odps/actions.ts";
import type { ObjectPath, PackagePath, PrincipalName, TablePath } from "./command.ts";
import type { Reader } from "./reader.ts";

/** `[user|role] name` */
export function readPrincipal(reader: Reader): PrincipalName {
  if (reader.sees("group")) throw reader.refuse("there are no groups: grant to a role");
  const kind = reader.takes("user") ? "user" : reader.takes("role") ? "role" : undefined;
  return { kind, name: reader.name("a user or role") };
}

/** `(a, b)`, if it is there. */
export function readColumns(reader: Reader): readonly string[] | undefined {
  if (!reader.takes("(")) return undefined;
  const columns = reader.list(() => reader.name("a column"));
  reader.expect(")");
  return columns;
}

/** `[type] name[(columns)]`; a table where no type is said. `*` before the end means every word that stops the name. */
export function readObject(reader: Reader, stops: readonly string[]): ObjectPath {
  const type = readType(reader, stops);
  const name = reader.name(`the name of a ${type}`);
  const columns = readColumns(reader);
  if (reader.sees("partition"))
    throw reader.refuse("privileges on partitions are not known: name the table");
  return { type, name, columns };
}

/** A type is one only if a name follows: a table may be called `function`. */
function readType(reader: Reader, stops: readonly string[]): string {
  for (const type of [
    "project",
    "schema",
    "table",
    "function",
    "resource",
    "volume",
    "instance",
    "package",
  ]) {
    if (!reader.sees(type)) continue;
    const isName = [...stops, "(", ",", ";"].some((stop) => reader.follows(stop));
    if (isName) return "table";
    reader.expect(type);
    return type;
  }
  return "table";
}

/** `on type T` after a name. */
export function readTypeAfter(reader: Reader): string {
  if (!reader.takes("on", "type")) return "table";
  const type = reader.name("a type of object").toLowerCase();
  if (!isObjectType(type)) throw reader.refuse(`there is no type of object \`${type}\``);
  return type;
}

/** `table name[(columns)]` */
export function readTable(reader: Reader): TablePath {
  reader.expect("table");
  return { name: reader.name("the name of a table"), columns: readColumns(reader) };
}

/** `[project.]package` */
export function readPackage(reader: Reader): PackagePath {
  const text = reader.name("the name of a package");
  const dot = text.indexOf(".");
  return dot === -1
    ? { project: undefined, name: text }
    : { project: text.slice(0, dot), name: text.slice(dot + 1) };
}

/** `exp days`, if it is there. */
export function readExpiry(reader: Reader): number | undefined {
  reader.takes("with");
  if (!reader.takes("exp")) return undefined;
  const days = reader.number("a number of days");
  checkDays(reader, days);
  return days;
}

/** A grant lives at least a day, and at most as long as a calendar can tell. */
export function checkDays(reader: Reader, days: number): void {
  if (days < 1 || days > 36_500) throw reader.refuse("a grant expires after 1 to 36500 days");
}

/** `comment text`, or the text alone. */
export function readComment(reader: Reader): string {
  reader.takes("comment");
  return reader.isOver() || reader.sees("privilegeproperties") ? "" : reader.text("a comment");
}

const propertyNames = ["type", "policy", "allow", "conditions", "expires"];

/** `privilegeproperties("name"="value", …)`, by name in lower case. */
export function readProperties(
  reader: Reader,
  known: readonly string[],
): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  if (!reader.takes("privilegeproperties")) return properties;
  reader.expect("(");
  reader.list(() => {
    const name = reader.name("a property").toLowerCase();
    if (!propertyNames.includes(name) || !known.includes(name))
      throw reader.refuse(`property \`${name}\` is not known here: there are ${known.join(", ")}`);
    if (properties.has(name)) throw reader.refuse(`property \`${name}\` stands there twice`);
    reader.expect("=");
    properties.set(name, reader.text("a value"));
  });
  reader.expect(")");
  return properties;
}

/** `true` or `false`. */
export const readBoolean = (reader: Reader): boolean => reader.oneOf("true", "false") === "true";
