import { isObjectType } from "../../policy/odps/actions.ts";
import { isSameName, lowerName } from "../../policy/odps/names.ts";
import type { Catalog } from "../permissions/grants.ts";
import { hasRole, userName } from "../permissions/names.ts";
import type {
  Creator,
  GrantedObject,
  Grantee,
  Permissions,
  Refusal,
} from "../permissions/state.ts";
import type { StoreName } from "../stores.ts";
import type { ObjectPath, PrincipalName } from "./command.ts";

/** Who runs a command, and what it may look at. */
export interface Asker {
  /** `RAM$<account>:<user>` or `ALIYUN$<account>`. */
  readonly principal: string;
  /** The id that `whoami` tells. */
  readonly id: string;
  readonly timeMs: number;
  readonly sourceIp?: string | undefined;
  /** The schema that names without one mean; absent: `default`. */
  readonly schema?: string | undefined;
  readonly catalog: Catalog;
  /** Who made what there is in the project. */
  readonly creators: readonly Creator[];
  /** Name of the project that has a store; undefined where none has. */
  holderOf(store: StoreName): string | undefined;
  /** Another project; undefined when there is none of the name. */
  findProject(name: string): Permissions | undefined;
}

/** A refusal that ends a command. */
export class CommandRefusal extends Error {
  override readonly name = "CommandRefusal";
  readonly refusal: Refusal;

  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.refusal = { code, message };
  }
}

const nameForm = /^[\w*?]{1,128}$/;
const freeForm = /^[\w.*?-]{1,256}$/;

/** Finds out which thing a command means. */
export function resolveObject(path: ObjectPath, state: Permissions, asker: Asker): GrantedObject {
  const { type, name, columns } = path;
  if (!isObjectType(type))
    throw new CommandRefusal("InvalidArgument", `there is no type of object ${type}`);
  if (type === "project" || type === "package" || type === "instance" || type === "resource") {
    if (!freeForm.test(name)) throw invalidName(type, name);
    return { type, name, columns };
  }
  const parts = name.split(".");
  const own = parts.length > 1 && isSameName(parts[0] ?? "", state.project);
  const local = own ? parts.slice(1) : parts;
  const last = local.pop() ?? "";
  const [schema = asker.schema ?? "default", ...more] = local;
  if (more.length > 0 || !nameForm.test(last) || !nameForm.test(schema))
    throw invalidName(type, name);
  return lowerName(schema) === "default"
    ? { type, name: last, columns }
    : { type, schema, name: last, columns };
}

const invalidName = (type: string, name: string) =>
  new CommandRefusal("InvalidArgument", `invalid ${type} name ${name}`);

/** Finds out whom a command means: whatever has a `$` or an `@` is a user, and no role can be called so. */
export function resolvePrincipal({ kind, name }: PrincipalName, state: Permissions): Grantee {
  if (kind === "user" || (kind === undefined && /[$@]/.test(name)))
    return { kind: "user", name: resolveUser(name) };
  if (!hasRole(state, name))
    throw new CommandRefusal(
      "NoSuchObject",
      kind === "role" ? `role ${name} doesn't exist` : `principal ${name} doesn't exist`,
    );
  return { kind: "role", name };
}

/** The full name of a user. */
export function resolveUser(text: string): string {
  const name = userName(text);
  if (name === undefined)
    throw new CommandRefusal(
      "InvalidArgument",
      `Invalid account Name ${text}: expected ALIYUN$<account> or RAM$<account>:<user>`,
    );
  return name;
}
