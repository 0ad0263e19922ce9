import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../test/support/memory-store.ts";
import { dropProject, droppedProjects } from "./drop-project.ts";
import type { Permissions } from "./permissions/state.ts";
import { type ProjectRecord, projectTable } from "./project.ts";
import { newSecurity, putSecurity } from "./security.ts";

const account = "111111111111";
const pack = { name: "k", createdMs: 0, items: [] };

/** An exception for a table and for the project that its rows may go to. */
const exceptionFor = (target: string, table: string): Partial<Permissions> => ({
  exceptions: `{"Version":"1","Statement":[{"Effect":"Allow","Principal":"*","Action":"odps:Select",
    "Resource":"acs:odps:*:projects/plain/tables/${table}","Condition":{"StringEquals":{"odps:TargetProject":"${target}"}}}]}`,
});

/** What the project itself or the other one says, and why the project stays; undefined: it goes. */
const cases: readonly (readonly [
  said: Partial<Permissions>,
  by: "sales" | "plain",
  why: string | undefined,
])[] = [
  [{}, "plain", undefined],
  [{ trustedProjects: ["plain"] }, "sales", undefined],
  [{ stores: [{ kind: "bucket", name: "orders" }] }, "sales", "it has the bucket orders"],
  [{ trustedProjects: ["SALES"] }, "plain", "project plain trusts it"],
  [{ trustedProjects: ["sales2"] }, "plain", undefined],
  [
    { packages: [{ ...pack, admitted: [{ project: "sales", label: 0 }] }] },
    ...(["plain", "project plain lets it install the package k"] as const),
  ],
  [
    { installed: [{ project: "sales", name: "k", installedMs: 0 }] },
    ...(["plain", "project plain has installed its package k"] as const),
  ],
  ...["Sales", "\\u0053ales"].map(
    (target) =>
      [exceptionFor(target, "t"), "plain", "project plain has an exception for it"] as const,
  ),
  [exceptionFor("other", "t"), "plain", undefined],
  [exceptionFor("other", "sales"), "plain", undefined],
];

test("a project stays while it keeps something in, or another says something of its name", async () => {
  for (const [said, by, why] of cases) {
    const store = createMemoryStore();
    const own = store.account(account);
    await store.transaction(() => {
      for (const name of ["sales", "plain"]) {
        const project = { id: `${name}-id`, name, account, owner: "o" } as ProjectRecord;
        const security = newSecurity(project);
        const permissions = { ...security.permissions, ...(name === by && said) };
        projectTable(own).put([name], project);
        putSecurity(own, project, { ...security, permissions });
      }
    });
    const parts = { store, clock: { now: () => 5 } };
    const dropped = dropProject(parts, account, "Sales");
    if (why === undefined) assert.equal((await dropped).id, "sales-id");
    else await assert.rejects(dropped, new RegExp(why));
    assert.equal(projectTable(own).find(["sales"]) === undefined, why === undefined);
    assert.equal(droppedProjects(own).find(["sales-id"])?.atMs, why === undefined ? 5 : undefined);
  }
});
