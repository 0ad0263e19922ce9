import assert from "node:assert/strict";
import { test } from "node:test";
import type { CatalogName, CatalogTable } from "../../../sql/catalog.ts";
import type { PresentResource } from "../resources/find.ts";
import { withTables } from "./resource-tables.ts";

const code = { language: "Python", kind: "scalar", signatures: ["->string"] } as const;
const column = { name: "ds", type: { kind: "string" }, nullable: true } as const;

/** What a resource of a table means in a project `own`: the name that is looked up, and the partition. */
function meantBy(text: string, kind: CatalogTable["kind"] = "table") {
  const asked: CatalogName[] = [];
  const findTable = (name: CatalogName) => {
    asked.push(name);
    const shape = { columns: [], partitionColumns: [column], transactional: false, primaryKey: [] };
    return name.name === "gone" ? undefined : { ...name, ...shape, id: "t", kind };
  };
  const record = { name: "alias", table: text };
  const resource = { record, project: { name: "own" } } as unknown as PresentResource;
  const { tables, why } = withTables({ code }, [resource], { findTable });
  const [{ project, schema, name } = { project: "", schema: "", name: "" }] = asked;
  return [`${project}.${schema}.${name}`, tables?.[0]?.partition, why];
}

test("a resource names a table as clients write it", () => {
  for (const [text, name, partition] of [
    ["t", "own.default.t", undefined],
    ["p.T", "p.default.t", undefined],
    ["p.s.t", "p.s.t", undefined],
    ["p.`t`", "p.default.t", undefined],
    ["p.t partition(ds='x')", "p.default.t", ["x"]],
    ["p.t partition(ds=x)", "p.default.t", ["x"]],
    ["p.t partition(ds='a) b')", "p.default.t", ["a) b"]],
  ] as const) {
    assert.deepEqual(meantBy(text), [name, partition, undefined], text);
  }
});

test("what code cannot read as a table says why", () => {
  assert.match(String(meantBy("p.gone")[2]), /alias is of p\.gone, which is not there/);
  assert.match(String(meantBy("p.t partition(no='x')")[2]), /partitions are not written so/);
  for (const kind of ["view", "external", "system view", "materialized view"] as const) {
    assert.match(String(meantBy("p.t", kind)[2]), new RegExp(`is a ${kind}`));
  }
});
