import type { Destination, SourceTable, TaskType } from "../protection/flow.ts";
import { type FlowReason, judgeFlow } from "../protection/judge-flow.ts";
import { heldOn } from "./permissions/held.ts";
import type { Permissions } from "./permissions/state.ts";
import { protectionOf, type SecurityRecord } from "./security.ts";

/** A way on which somebody could take a table out after a change, and could not before. */
export interface NewWay {
  readonly principal: string;
  readonly table: string;
  /** `download`, `project reports`, `an external location`. */
  readonly destination: string;
  readonly taskType: TaskType;
  /** The rule that would let it go. */
  readonly rule: FlowReason;
}

/** A table with who made it. */
export interface MadeTable extends SourceTable {
  readonly creator: string;
}

/** What a dry run looks at. */
export interface DryWorld {
  readonly tables: readonly MadeTable[];
  /** Names of the other projects of the account. */
  readonly projects: readonly string[];
  readonly timeMs: number;
}

/** Most questions that one dry run asks; what is left out is told. */
const questionsMax = 20_000;
/** How many are asked before other work has its turn. */
const questionsAtOnce = 100;

interface Way {
  readonly destination: Destination;
  readonly name: string;
  readonly taskType: TaskType;
}

/** Every way out: by the tunnel, into each other project by each kind of job, to an external location. */
const waysTo = (projects: readonly string[]): readonly Way[] => [
  { destination: { kind: "download" }, name: "download", taskType: "DT" },
  ...projects.flatMap((project) =>
    (["SQL", "MapReduce", "Spark"] as const).map((taskType) => ({
      destination: { kind: "project", project } as const,
      name: `project ${project}`,
      taskType,
    })),
  ),
  {
    destination: { kind: "external", location: "s3://" },
    name: "an external location",
    taskType: "SQL",
  },
];

const everybodyIn = ({ owner, users, superAdministrators, administrators }: Permissions) => [
  ...new Set([owner, ...superAdministrators, ...administrators, ...users.map(({ name }) => name)]),
];

/**
 * Compares what everybody in a project could take out of it before and after a change, table by table. `turn` gives
 * other work its turn. Answers the ways that are new, and whether all were looked at.
 */
export async function newWays(
  before: SecurityRecord,
  after: SecurityRecord,
  { tables, projects, timeMs }: DryWorld,
  turn: () => Promise<void>,
): Promise<{ readonly ways: readonly NewWay[]; readonly complete: boolean }> {
  const out = waysTo(projects);
  const ways: NewWay[] = [];
  let asked = 0;
  for (const principal of everybodyIn(after.permissions)) {
    for (const table of tables) {
      if (asked + out.length > questionsMax) return { ways, complete: false };
      for (const way of out) {
        asked += 1;
        if (asked % questionsAtOnce === 0) await turn();
        const judged = (security: SecurityRecord) => judge(security, principal, table, way, timeMs);
        const { allowed, reason } = judged(after);
        if (!allowed || judged(before).allowed) continue;
        const { name: destination, taskType } = way;
        ways.push({ principal, table: nameOf(table), destination, taskType, rule: reason });
      }
    }
  }
  return { ways, complete: true };
}

const nameOf = ({ schema = "default", table }: SourceTable): string =>
  schema === "default" ? table : `${schema}.${table}`;

function judge(
  security: SecurityRecord,
  principal: string,
  { creator, ...source }: MadeTable,
  { destination, taskType }: Way,
  timeMs: number,
) {
  const object = { type: "table", schema: source.schema, name: source.table } as const;
  const held = heldOn(security.permissions, { principal, object, creator, timeMs, taskType });
  return judgeFlow(
    { source, destination, principal, taskType, action: "odps:Select", held, timeMs },
    protectionOf(security),
  );
}
