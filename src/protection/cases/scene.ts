import { parseException, pinExceptions } from "../exceptions.ts";
import {
  displayLimitsDefault,
  type Flow,
  type PinnedExceptions,
  type ProjectProtection,
  type SourceTable,
} from "../flow.ts";

/** A table of project `source`, as it was when exceptions were approved. */
export const table: SourceTable = { project: "source", table: "t1", id: "id-1", version: "7" };

export const alice = "RAM$111122223333:alice";
export const bob = "RAM$111122223333:bob";

/** 2026-11-28T00:00:00Z */
export const now = Date.UTC(2026, 10, 28);

/** Alice, who holds Select, writes the table into another project by SQL. */
export const copying: Flow = {
  source: table,
  destination: { kind: "project", project: "target" },
  principal: alice,
  taskType: "SQL",
  action: "odps:Select",
  held: { select: true, describe: true, download: false },
  timeMs: now,
};

/** A project that lets nothing out. */
export const closed: ProjectProtection = {
  name: "source",
  protection: true,
  downloadControl: false,
  trustedProjects: [],
  display: displayLimitsDefault,
};

/** One statement of an exception: Alice may select from the table, unless told otherwise. */
export const statement = (changes: Readonly<Record<string, unknown>> = {}) => ({
  Effect: "Allow",
  Principal: alice,
  Action: ["odps:Select"],
  Resource: "acs:odps:*:projects/source/tables/t1",
  ...changes,
});

/** A policy text of these statements. */
export const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "1", Statement: statements });

/** Exceptions approved while the table was as `table` says. */
export const approve = (...statements: readonly object[]): PinnedExceptions =>
  pinExceptions(parseException(document(...statements)), [table]);
