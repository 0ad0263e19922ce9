import { assert } from "../lib/assert.ts";
import { tables } from "./reference/tables.ts";

/** A type of thing that an action may act on. */
export interface ResourceFacts {
  /** Such as `key`. */
  readonly type: string;
  /** Every call of the action names one. */
  readonly required: boolean;
  /** `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}` */
  readonly arn: string;
  /** Condition keys that this type brings; one that ends in `/` is followed by a tag's name. */
  readonly conditionKeys: readonly string[];
}

/** What AWS's reference says of one action. */
export interface ActionFacts {
  /** As AWS spells it: `kms:Decrypt`. */
  readonly action: string;
  /** `Read`, `Write`, `List`, `Tagging`, `Permissions management`; some have two. */
  readonly accessLevels: readonly string[];
  readonly resources: readonly ResourceFacts[];
  /** The action knows no resource: it is asked for on `*`, and a policy must say `*`. */
  readonly wildcardOnly: boolean;
  /** Condition keys of the action itself, as AWS spells them. */
  readonly conditionKeys: readonly string[];
}

/** The JSON of a generated table; condition keys are numbers in `keys`, an optional resource type ends in `?`. */
interface Table {
  readonly keys: readonly string[];
  readonly resources: Readonly<Record<string, readonly [arn: string, keys: readonly number[]]>>;
  readonly actions: Readonly<
    Record<string, readonly [level: string, types: readonly string[], keys: readonly number[]]>
  >;
}

const parsed = new Map<string, ReadonlyMap<string, ActionFacts>>();

/** Facts of an action, whatever its case; undefined when AWS has no such action: the caller denies it. */
export function findAction(action: string): ActionFacts | undefined {
  const lower = action.toLowerCase();
  return findService(lower.slice(0, Math.max(0, lower.indexOf(":"))))?.get(lower);
}

/** Every action of a service, by the prefix of its actions; empty when it is unknown. */
export function actionsOf(service: string): readonly ActionFacts[] {
  return [...(findService(service)?.values() ?? [])];
}

function findService(service: string): ReadonlyMap<string, ActionFacts> | undefined {
  const known = parsed.get(service);
  if (known) return known;
  const json = tables.get(service);
  if (json === undefined) return undefined;
  const facts = readTable(service, JSON.parse(json));
  parsed.set(service, facts);
  return facts;
}

function readTable(service: string, table: Table): ReadonlyMap<string, ActionFacts> {
  const named = (numbers: readonly number[]): string[] =>
    numbers.map((number) => table.keys[number] ?? "");
  const facts = new Map<string, ActionFacts>();
  for (const [name, [level, types, keys]] of Object.entries(table.actions)) {
    const action = `${service}:${name}`;
    const resources = types.map((written): ResourceFacts => {
      const required = !written.endsWith("?");
      const type = required ? written : written.slice(0, -1);
      const row = table.resources[type];
      assert(row, `the table of ${service} has no resource type ${type}`);
      return { type, required, arn: row[0], conditionKeys: named(row[1]) };
    });
    facts.set(action.toLowerCase(), {
      action,
      accessLevels: level.split(", "),
      resources,
      wildcardOnly: resources.length === 0,
      conditionKeys: named(keys),
    });
  }
  return facts;
}
