import { defaultSchema, informationSchema } from "../../../sql/catalog.ts";
import type { CreateSchema, Drop } from "../../../sql/tree-definition.ts";
import { schemaRows, tableRows } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import type { Doing } from "./execute.ts";
import { semantic } from "./names.ts";

const schemasMax = 1000;

/** CREATE SCHEMA. */
export async function createSchema({
  statement,
  target,
  call,
}: Doing<CreateSchema>): Promise<Outcome> {
  const { project, store } = target;
  const name = statement.schema.parts.at(-1)?.key ?? "";
  if (!/^[a-z_][a-z0-9_]{0,127}$/.test(name))
    throw semantic(statement.at, `${name} is no schema's name`);
  if (name === project.name) throw semantic(statement.at, "a schema is not called as its project");
  await call.parts.store.transaction(() => {
    const rows = schemaRows(store);
    if (name === defaultSchema || name === informationSchema || rows.find([project.id, name])) {
      if (statement.ifNotExists) return;
      throw semantic(statement.at, `schema ${name} already exists`);
    }
    if ([...rows.range({ prefix: [project.id], limit: schemasMax })].length >= schemasMax) {
      throw semantic(statement.at, `a project has at most ${schemasMax} schemas`);
    }
    rows.put([project.id, name], { name, owner: callerName(call), createdAtMs: call.timeMs });
  });
  return { text: "OK" };
}

/** DROP SCHEMA, of an empty one. */
export async function dropSchema({ statement, target, call }: Doing<Drop>): Promise<Outcome> {
  const { project, store } = target;
  const name = statement.name.parts.at(-1)?.key ?? "";
  await call.parts.store.transaction(() => {
    const rows = schemaRows(store);
    if (!rows.find([project.id, name])) {
      if (statement.ifExists) return;
      throw semantic(statement.at, `schema ${name} cannot be resolved`);
    }
    for (const _ of tableRows(store).range({ prefix: [project.id, name], limit: 1 })) {
      throw semantic(statement.at, `schema ${name} is not empty`);
    }
    rows.remove([project.id, name]);
  });
  return { text: "OK" };
}
