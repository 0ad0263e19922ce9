import type { AccountStore, Table } from "../storage/store.ts";

/** What can belong to a project beside its tables. */
export const storeKinds = ["bucket", "stream", "application"] as const;
/** One of them. */
export type StoreKind = (typeof storeKinds)[number];

/** A bucket, a stream or a Flink application, by its name in the project's account. */
export interface StoreName {
  readonly kind: StoreKind;
  readonly name: string;
}

/** The project that has a store. */
interface HolderRecord {
  readonly projectId: string;
  /** In lower case. */
  readonly project: string;
}

/** Most that one project has. */
export const storesMax = 1_000;

const holderTable = (store: AccountStore): Table<HolderRecord> => store.table("project-stores");

/** The project that has a store of this account. */
export const holderOf = (
  store: AccountStore,
  { kind, name }: StoreName,
): HolderRecord | undefined => holderTable(store).find([kind, name]);

/** Keeps in step who holds what: inside the transaction that changes what a project says it has. */
export function changeHeld(
  store: AccountStore,
  holder: HolderRecord,
  before: readonly StoreName[],
  after: readonly StoreName[],
): void {
  if (before === after) return;
  const table = holderTable(store);
  for (const { kind, name } of before) table.remove([kind, name]);
  for (const { kind, name } of after) table.put([kind, name], holder);
}

/** Form of an ARN of each kind; the name is in the first group. */
const arnForms: readonly (readonly [StoreKind, RegExp])[] = [
  ["bucket", /^arn:aws:s3:::([^/]+)/],
  ["stream", /^arn:aws:kinesis:[^:]*:\d{12}:stream\/([^/]+)/],
  ["application", /^arn:aws:kinesisanalytics:[^:]*:\d{12}:application\/([^/]+)/],
];

/** The store that an ARN is of; undefined of anything else. */
export function storeAt(arn: string): StoreName | undefined {
  for (const [kind, form] of arnForms) {
    const name = form.exec(arn)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

/** The project whose thing MaxCompute names so; undefined of anything else. */
export const projectAt = (arn: string): string | undefined =>
  /^acs:odps:\*:projects\/([^/]+)/.exec(arn)?.[1];
