import type { RoleRecord, UserRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Operation, operation } from "../../pipeline/operation.ts";
import { checkPolicyArn, type Found, findRole, findUser } from "./find.ts";
import type { NamesHolder } from "./holders.ts";

interface Bounding extends NamesHolder {
  readonly PermissionsBoundary: string;
}

type Find = (input: NamesHolder, call: Call) => Found<UserRecord | RoleRecord>;

const boundaries = (noun: "User" | "Role", find: Find): Operation[] => [
  operation(`Put${noun}PermissionsBoundary`, {
    resolve(input: Bounding, call: Call) {
      checkPolicyArn(input.PermissionsBoundary);
      return find(input, call);
    },
    context: ({ PermissionsBoundary }) => ({ "iam:permissionsboundary": PermissionsBoundary }),
    handle: ({ home, record }, { PermissionsBoundary }) =>
      home.identities.bound(record, PermissionsBoundary),
  }),

  operation(`Delete${noun}PermissionsBoundary`, {
    resolve: find,
    context: (_input, { boundary }) => ({ "iam:permissionsboundary": boundary }),
    handle: ({ home, record }) => home.identities.unbound(record),
  }),
];

/** What bounds users and roles: put and delete. */
export const boundaryOperations: readonly Operation[] = [
  ...boundaries("User", ({ UserName = "" }, call) => findUser(UserName, call)),
  ...boundaries("Role", ({ RoleName = "" }, call) => findRole(RoleName, call)),
];
