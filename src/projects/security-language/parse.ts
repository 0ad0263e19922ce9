import { settingNames } from "../permissions/settings.ts";
import { type StoreName, storeKinds } from "../stores.ts";
import type { Command } from "./command.ts";
import { parseGrant, parseRevoke } from "./parse-grants.ts";
import {
  readBoolean,
  readComment,
  readExpiry,
  readObject,
  readPackage,
  readPrincipal,
  readProperties,
  readTable,
} from "./parse-parts.ts";
import { parseShow } from "./parse-show.ts";
import { createReader, type Reader } from "./reader.ts";

/** What comes after the first word of a command. */
const verbs: Readonly<Record<string, (reader: Reader) => Command>> = {
  whoami: () => ({ kind: "whoami" }),
  add: parseAdd,
  remove: parseRemove,
  list: parseList,
  create: parseCreate,
  drop: parseDrop,
  delete: parseDrop,
  describe: parseDescribe,
  desc: parseDescribe,
  grant: parseGrant,
  revoke: parseRevoke,
  show: parseShow,
  purge: parsePurge,
  clear: parseClear,
  set: parseSet,
  setproject: parseSetProject,
  unset: (reader) => parseLabel(reader, 0),
  allow: parseAllow,
  disallow: parseDisallow,
  install: (reader) => ({ kind: "install-package", package: packageAfterWord(reader) }),
  uninstall: (reader) => ({ kind: "uninstall-package", package: packageAfterWord(reader) }),
  get: parseGet,
  approve: (reader) => ({ kind: "approve-proposal", id: proposalAfterWord(reader) }),
  withdraw: (reader) => ({ kind: "withdraw-proposal", id: proposalAfterWord(reader) }),
  dry: parseDryRun,
};

/**
 * Reads a command of the security language. Throws a `ServiceError` ODPS-0130161 that names line and column of what
 * it cannot read.
 */
export function parseCommand(text: string): Command {
  const reader = createReader(text);
  const command = readCommand(reader);
  reader.end();
  return command;
}

function readCommand(reader: Reader): Command {
  const verb = reader.oneOf(...Object.keys(verbs));
  if (reader.sees("tenant") || reader.sees("group"))
    throw reader.refuse("tenants and groups have no users and roles of their own here");
  const command = verbs[verb]?.(reader);
  if (!command) throw reader.refuse("the command is not known");
  return command;
}

/** `dry run <command>`, once. */
function parseDryRun(reader: Reader): Command {
  reader.expect("run");
  if (reader.sees("dry")) throw reader.refuse("a dry run is of a command that changes something");
  return { kind: "dry-run", command: readCommand(reader) };
}

function proposalAfterWord(reader: Reader): string {
  reader.expect("proposal");
  return reader.name("the id of a proposal");
}

function parseAdd(reader: Reader): Command {
  if (reader.takes("user"))
    return { kind: "add-user", user: reader.name("a user"), comment: readComment(reader) };
  if (reader.takes("trustedproject"))
    return { kind: "add-trusted-project", project: reader.name("a project") };
  if (reader.sees("accountprovider"))
    throw reader.refuse("account providers are ALIYUN and RAM, and stay");
  const store = readStore(reader);
  if (store) return { kind: "add-store", store };
  const object = readObject(reader, ["to"]);
  reader.expect("to", "package");
  const name = reader.name("the name of a package");
  const privileges = reader.takes("with", "privileges")
    ? reader.list(() => reader.name("a privilege"))
    : undefined;
  return { kind: "add-to-package", package: name, object, privileges };
}

/** `bucket b`, `stream s` or `application a`. */
function readStore(reader: Reader): StoreName | undefined {
  const kind = storeKinds.find((word) => reader.takes(word));
  return kind && { kind, name: reader.name(`the name of a ${kind}`) };
}

function parseRemove(reader: Reader): Command {
  if (reader.takes("user")) return { kind: "remove-user", user: reader.name("a user") };
  if (reader.takes("trustedproject"))
    return { kind: "remove-trusted-project", project: reader.name("a project") };
  if (reader.sees("accountprovider"))
    throw reader.refuse("account providers are ALIYUN and RAM, and stay");
  const store = readStore(reader);
  if (store) return { kind: "remove-store", store };
  const object = readObject(reader, ["from"]);
  reader.expect("from", "package");
  return { kind: "remove-from-package", package: reader.name("the name of a package"), object };
}

const listed = ["users", "roles", "trustedprojects", "accountproviders", "proposals", "stores"];

function parseList(reader: Reader): Command {
  switch (reader.oneOf(...listed)) {
    case "users":
      return { kind: "list-users" };
    case "roles":
      return { kind: "list-roles" };
    case "trustedprojects":
      return { kind: "list-trusted-projects" };
    case "stores":
      return { kind: "list-stores" };
    case "proposals":
      return { kind: "list-proposals" };
    default:
      return { kind: "list-account-providers" };
  }
}

function parseCreate(reader: Reader): Command {
  if (reader.oneOf("role", "package") === "package")
    return { kind: "create-package", name: reader.name("the name of a package") };
  const role = reader.name("a role");
  const comment = readComment(reader);
  const type = readProperties(reader, ["type"]).get("type")?.toLowerCase() ?? "resource";
  return { kind: "create-role", role, comment, type };
}

function parseDrop(reader: Reader): Command {
  return reader.oneOf("role", "package") === "package"
    ? { kind: "delete-package", name: reader.name("the name of a package") }
    : { kind: "drop-role", role: reader.name("a role") };
}

function parseDescribe(reader: Reader): Command {
  return reader.oneOf("role", "package") === "package"
    ? { kind: "describe-package", package: readPackage(reader) }
    : { kind: "describe-role", role: reader.name("a role") };
}

function parsePurge(reader: Reader): Command {
  reader.expect("privileges", "from");
  reader.takes("user");
  return { kind: "purge-privileges", user: reader.name("a user") };
}

function parseClear(reader: Reader): Command {
  reader.expect("expired", "grants");
  return { kind: "clear-expired-grants" };
}

/** `label [n] to user P` or `label [n] to table t(cols)`. */
function parseLabel(reader: Reader, fixed?: number): Command {
  reader.expect("label");
  const label = fixed ?? reader.number("a label");
  reader.oneOf(...(fixed === undefined ? ["to"] : ["to", "from"]));
  if (reader.sees("table")) return { kind: "set-table-label", table: readTable(reader), label };
  return { kind: "set-principal-label", principal: readPrincipal(reader), label };
}

function parseSet(reader: Reader): Command {
  if (reader.sees("label")) return parseLabel(reader);
  const name = reader.name("a setting");
  reader.expect("=");
  if (name.toLowerCase() !== "projectprotection") return parseSetting(reader, name);
  const on = readBoolean(reader);
  const exceptions = reader.takes("with", "exception") ? exceptionText(reader) : undefined;
  return { kind: "set-protection", on, exceptions };
}

/** The command line of MaxCompute takes the name of a file, and sends what is in it. */
function exceptionText(reader: Reader): string {
  const text = reader.text("an exception policy in quotes");
  if (text.trimStart().startsWith("{")) return text;
  throw reader.refuse(
    "an exception policy is given as a text in quotes; a file is read by MaxCompute's command line alone",
  );
}

function parseSetProject(reader: Reader): Command {
  const name = reader.name("a property");
  reader.expect("=");
  if (name.toLowerCase() !== "odps.security.enabledownloadprivilege")
    throw reader.refuse(`\`${name}\` is no security property`);
  return parseSetting(reader, name);
}

function parseSetting(reader: Reader, name: string): Command {
  const key = name.toLowerCase();
  if (key === "odps.security.displayrows") {
    return { kind: "set-display", limits: { rows: reader.number("a number of rows") } };
  }
  if (key === "odps.security.displayrowsperday") {
    const rowsPerDay = reader.takes("none") ? undefined : reader.number("a number of rows or none");
    return { kind: "set-display", limits: { rowsPerDay } };
  }
  const setting = Object.hasOwn(settingNames, key) ? settingNames[key] : undefined;
  if (setting === undefined) throw reader.refuse(`\`${name}\` is no security setting`);
  return { kind: "set-setting", name: setting, value: readBoolean(reader) };
}

function parseAllow(reader: Reader): Command {
  reader.expect("project");
  const project = reader.name("a project");
  reader.expect("to", "install", "package");
  const name = reader.name("the name of a package");
  const privileges =
    reader.takes("with", "privilege") || reader.takes("with", "privileges")
      ? reader.list(() => reader.name("a privilege"))
      : undefined;
  const label = reader.takes("using", "label") ? reader.number("a label") : 0;
  const expiresDays = readExpiry(reader);
  return { kind: "allow-install", package: name, project, privileges, label, expiresDays };
}

function parseDisallow(reader: Reader): Command {
  reader.expect("project");
  const project = reader.name("a project");
  reader.expect("to", "install", "package");
  return { kind: "disallow-install", package: reader.name("the name of a package"), project };
}

function packageAfterWord(reader: Reader) {
  reader.expect("package");
  return readPackage(reader);
}

function parseGet(reader: Reader): Command {
  reader.expect("policy");
  const role = reader.takes("on", "role") ? reader.name("a role") : undefined;
  return { kind: "get-policy", role };
}
