import type { Command } from "./command.ts";
import {
  readColumns,
  readObject,
  readPackage,
  readPrincipal,
  readTable,
  readTypeAfter,
} from "./parse-parts.ts";
import type { Reader } from "./reader.ts";

/** What comes after `show`. */
export function parseShow(reader: Reader): Command {
  switch (
    reader.oneOf(
      "grants",
      "grant",
      "acl",
      "label",
      "packages",
      "package",
      "principals",
      "role",
      "securityconfiguration",
    )
  ) {
    case "grants":
    case "grant":
      return parseShowGrants(reader);
    case "acl":
      return parseShowAcl(reader);
    case "label":
      return parseShowLabel(reader);
    case "packages":
      if (reader.sees("with")) throw reader.refuse("packages are shown all or by name");
      return { kind: "show-packages" };
    case "package":
      if (reader.sees("items")) throw reader.refuse("use describe package <project>.<package>");
      return { kind: "describe-package", package: readPackage(reader) };
    case "principals":
      reader.takes("role");
      return { kind: "show-principals", role: reader.name("a role") };
    case "role":
      reader.expect("grant");
      return { kind: "show-role-grant", principal: readPrincipal(reader) };
    default:
      return { kind: "show-security-configuration" };
  }
}

function parseShowGrants(reader: Reader): Command {
  reader.takes("for");
  const principal = reader.isOver() || reader.sees("on") ? undefined : readPrincipal(reader);
  if (!reader.takes("on")) return { kind: "show-grants", principal, object: undefined };
  reader.takes("type");
  return { kind: "show-grants", principal, object: readObject(reader, []) };
}

function parseShowAcl(reader: Reader): Command {
  reader.expect("for");
  const name = reader.name("the name of an object");
  const columns = readColumns(reader);
  return { kind: "show-acl", object: { name, columns, type: readTypeAfter(reader) } };
}

function parseShowLabel(reader: Reader): Command {
  const label = reader.sees("grants") ? undefined : reader.number("a label or grants");
  reader.expect("grants");
  const table = reader.takes("on") ? readTable(reader) : undefined;
  const principal = reader.takes("for") ? readPrincipal(reader) : undefined;
  return { kind: "show-label-grants", label, table, principal };
}
