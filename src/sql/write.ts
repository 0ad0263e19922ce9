import type { Write } from "./plan.ts";
import type { Environment } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Delete, Insert, Merge, MultiInsert, Update } from "./tree.ts";

/** What INSERT and its kin put into which tables. */
export function resolveWrites(
  statement: Insert | MultiInsert | Update | Delete | Merge,
  environment: Environment,
): Write[] {
  return environment.through.length > 0
    ? []
    : refuse(statement.at, `${statement.kind} is not built yet`);
}
