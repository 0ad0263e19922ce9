import { isSameName } from "../../policy/odps/names.ts";
import { findTableLabel, labelOf } from "../permissions/labels-read.ts";
import { isSameGrantee } from "../permissions/names.ts";
import type { GrantedObject, LabelGrant, Permissions } from "../permissions/state.ts";
import { asciiTable, listedTime } from "./ascii-table.ts";
import type { Listing } from "./listed-grants.ts";

/** Which leaves for labels are asked about. */
export interface LabelsAsked {
  readonly label: number | undefined;
  readonly table: GrantedObject | undefined;
  /** The user; where a table is named and nobody else, everyone. */
  readonly user: string | undefined;
}

const expiryOf = ({ expiresMs }: LabelGrant): string =>
  expiresMs === undefined ? "" : listedTime(expiresMs);

/** Lists leaves to read sensitive tables. */
export function listLabelGrants(state: Permissions, { label, table, user }: LabelsAsked): Listing {
  const grants = state.labelGrants.filter(
    (grant) =>
      (label === undefined || grant.label === label) &&
      (table === undefined ||
        (isSameName(grant.table, table.name) &&
          isSameName(grant.schema ?? "default", table.schema ?? "default"))) &&
      (user === undefined || isSameGrantee(grant.to, { kind: "user", name: user })),
  );
  const json = grants.map((grant) => ({
    Principal: grant.to.name,
    TableName: grant.table,
    Columns: grant.columns,
    GrantedLabel: grant.label,
    Expires: grant.expiresMs === undefined ? undefined : expiryOf(grant),
  }));
  if (table !== undefined && user === undefined)
    return { text: showTable(state, table, grants), json };
  const head = `User Label: ${labelOf(state, { kind: "user", name: user ?? "" })}`;
  const rows =
    table === undefined
      ? grants.map((grant) => [grant.table, String(grant.label), expiryOf(grant)])
      : grants.flatMap((grant) =>
          (grant.columns ?? ["*"]).map((column) => [column, String(grant.label), expiryOf(grant)]),
        );
  const title = table === undefined ? "TableName" : "Column";
  const shown = rows.length === 0 ? [] : [asciiTable([title, "GrantedLabel", "Expires"], rows)];
  return { text: [head, ...shown].join("\n\n"), json };
}

function showTable(
  state: Permissions,
  table: GrantedObject,
  grants: readonly LabelGrant[],
): string {
  const found = findTableLabel(state, table.schema, table.name);
  const labels = [found?.label ?? 0, ...Object.values(found?.columns ?? {})];
  const range = `Sensitive Label Range: [${Math.min(...labels)}, ${Math.max(...labels)}]`;
  if (grants.length === 0) return range;
  const rows = grants.map((grant) => [grant.to.name, String(grant.label), expiryOf(grant)]);
  return `${range}\n\n${asciiTable(["UserName", "GrantedLabel", "Expires"], rows)}`;
}
