import type { Catalog } from "../grants.ts";
import { isSameObject } from "../names.ts";
import type { Question } from "../question.ts";
import {
  type Grant,
  type GrantedObject,
  newPermissions,
  type Permissions,
  type Role,
} from "../state.ts";

export const owner = "ALIYUN$owner@example.com";
export const alice = "RAM$111122223333:alice";
export const bob = "RAM$111122223333:bob";
export const stranger = "RAM$444455556666:eve";

/** 2026-11-28T00:00:00Z */
export const now = Date.UTC(2026, 10, 28);

export const t1: GrantedObject = { type: "table", name: "t1" };
const tables = [t1, { type: "table", name: "t2" }] as const;

/** Tables `t1(id, name, salary)` and `t2`, function `f` and resource `a.jar`. */
export const catalog: Catalog = {
  has: (object) =>
    [
      ...tables,
      { type: "function", name: "f" } as const,
      { type: "resource", name: "a.jar" } as const,
    ].some((one) => isSameObject(one, object)),
  columnsOf: (table) =>
    tables.some((one) => isSameObject(one, table)) ? ["id", "name", "salary"] : undefined,
};

/** Project `p` with the users alice and bob. */
export const project: Permissions = {
  ...newPermissions("p", owner),
  users: [
    { name: alice, comment: "" },
    { name: bob, comment: "" },
  ],
};

/** Alice may select from `t1`, unless told otherwise. */
export const granted = (changes: Partial<Grant> = {}): Grant => ({
  to: { kind: "user", name: alice },
  object: t1,
  privileges: ["Select"],
  effect: "allow",
  by: "acl",
  ...changes,
});

/** Role `dev`, which alice has. */
export const dev = (changes: Partial<Role> = {}): Role => ({
  name: "dev",
  type: "resource",
  comment: "",
  members: [alice],
  ...changes,
});

/** Alice selects two columns of `t1`. */
export const selecting: Question = {
  principal: alice,
  action: "Select",
  object: t1,
  columns: ["id", "name"],
  timeMs: now,
};

/** A policy of one statement about `t1`. */
export const policy = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    Version: "1",
    Statement: [
      {
        Effect: "Allow",
        Principal: "*",
        Action: ["odps:Select"],
        Resource: "acs:odps:*:projects/p/tables/t1",
        ...changes,
      },
    ],
  });

/** The policy of a role: it names nobody. */
export const rolePolicy = (changes: Readonly<Record<string, unknown>> = {}): string =>
  policy({ Principal: undefined, ...changes });
