import type { Fact } from "../../policy/asked.ts";
import type { GrantedObject, Permissions } from "./state.ts";

/** One thing that somebody wants to do in a project. */
export interface Question {
  readonly principal: string;
  /** As spelled in the table of actions: `Select`. */
  readonly action: string;
  readonly object: Omit<GrantedObject, "columns">;
  /** Columns that are read or written; absent: the whole table. */
  readonly columns?: readonly string[] | undefined;
  /** Who made the thing. */
  readonly creator?: string | undefined;
  /** The project somebody works in, when it is another: its packages may help. */
  readonly current?: Permissions | undefined;
  readonly timeMs: number;
  readonly sourceIp?: string | undefined;
  readonly secureTransport?: boolean | undefined;
  readonly mfaPresent?: boolean | undefined;
  readonly taskType?: string | undefined;
}

/** Why something is allowed. */
export type AllowReason =
  | "owner"
  | "super_administrator"
  | "admin"
  | "object-creator"
  | "acl"
  | "policy"
  | "package";

/** Why it is not. */
export type RefuseReason = "stranger" | "denied" | "silent" | "label" | "unknown-action";

/** What comes of a question, and why. */
export type Decision =
  | {
      readonly allowed: true;
      readonly because: AllowReason;
      /** The role, statement or package that carries it. */
      readonly detail: string;
    }
  | {
      readonly allowed: false;
      readonly because: RefuseReason;
      /** In MaxCompute's words, without `ODPS-0130013:Authorization exception - `. */
      readonly message: string;
    };

/** The value of a condition key, by its name in lower case. */
export function factOf(question: Question, key: string): Fact {
  switch (key) {
    case "odps:selectcolumns":
      return question.columns;
    case "odps:tasktype":
      return question.taskType;
    case "odps:currenttime":
    case "acs:currenttime":
      return new Date(question.timeMs).toISOString();
    case "acs:sourceip":
      return question.sourceIp;
    case "acs:securetransport":
      return textOf(question.secureTransport);
    case "acs:mfapresent":
      return textOf(question.mfaPresent);
    default:
      return undefined;
  }
}

const textOf = (value: boolean | undefined): string | undefined =>
  value === undefined ? undefined : String(value);
