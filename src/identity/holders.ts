import type { Table } from "../storage/store.ts";
import type { HolderKind, HolderRecords } from "./records.ts";
import { noSuchEntity } from "./refusals.ts";
import type { AccountScope } from "./tables.ts";

/** A name as a key: IAM tells no cases apart. */
export const keyOf = (name: string): string => name.toLowerCase();

/** The table of users, groups or roles. */
export function tableOf<Kind extends HolderKind>(
  { tables }: AccountScope,
  kind: Kind,
): Table<HolderRecords[Kind]> {
  const byKind: { readonly [Each in HolderKind]: Table<HolderRecords[Each]> } = {
    user: tables.users,
    group: tables.groups,
    role: tables.roles,
  };
  return byKind[kind];
}

/** How many records a table has. */
export function countOf(table: Table<unknown>): number {
  let count = 0;
  for (const _ of table.range()) count += 1;
  return count;
}

/**
 * The record as it is now, inside a change. What was judged and what is changed are the same thing: after a deletion
 * and a new creation under the same name the id differs, and the change is refused.
 */
export function current<Kind extends HolderKind>(
  scope: AccountScope,
  kind: Kind,
  judged: { readonly id: string; readonly name: string },
): HolderRecords[Kind] {
  const found = tableOf(scope, kind).find([keyOf(judged.name)]);
  if (!found || found.id !== judged.id) throw noSuchEntity(kind, judged.name);
  return found;
}

/** Replaces a record by what `next` makes of it, and answers the new one. */
export function revise<Kind extends HolderKind>(
  scope: AccountScope,
  kind: Kind,
  judged: { readonly id: string; readonly name: string },
  next: (record: HolderRecords[Kind]) => HolderRecords[Kind],
): Promise<HolderRecords[Kind]> {
  return scope.change(() => {
    const changed = next(current(scope, kind, judged));
    tableOf(scope, kind).put([keyOf(changed.name)], changed);
    return changed;
  });
}

/** The record without a member that may be absent. */
export function without<Whole extends object, Member extends keyof Whole>(
  whole: Whole,
  member: Member,
): Omit<Whole, Member> {
  const { [member]: _, ...rest } = whole;
  return rest;
}
