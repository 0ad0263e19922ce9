import type { OdpsAnswer, OdpsInput } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { contentAt, rowsIn } from "../catalog.ts";
import { namedTable, type OdpsCall, type TableTarget } from "../find-project.ts";
import { showRows, tableFlow } from "../flows.ts";
import { checkKeys, shownRowsMax } from "../jobs/results.ts";
import { placedFiles } from "../relations.ts";
import { findPartition } from "../tables.ts";
import { timezoneOf } from "./session.ts";
import { invalid, storedColumns, wantedColumns } from "./tunnel.ts";

/** The first rows of a table or a partition, in one form. */
async function rowsShown(
  target: TableTarget,
  input: OdpsInput,
  asked: string | undefined,
  form: "csv" | "preview",
  call: OdpsCall,
): Promise<OdpsAnswer> {
  const { project, store, table } = target;
  if (table.kind === "external") throw invalid(`${table.name} is external: run a query instead.`);
  const wanted = Number(asked ?? "100");
  if (!Number.isInteger(wanted) || wanted < 0) throw invalid("The number of rows is no number.");
  const { partitions: all } = contentAt(store, table, table.version) ?? { partitions: [] };
  const { partition } = input.parameters;
  const partitions = partition === undefined ? all : [findPartition(table, all, partition)];
  const rows = partitions.reduce((sum, one) => sum + rowsIn(one), 0);
  const files = placedFiles(table, partitions);
  await checkKeys(project, files, call);
  const flows = [tableFlow(target, { kind: "display" }, "Select")];
  const count = await showRows(flows, Math.min(wanted, rows, shownRowsMax), call);
  const body = call.own.engines.stream(project, async (cell) => {
    await cell.place(files);
    return cell.engine.read({
      files: files.map(({ name }) => name),
      columns: storedColumns(
        table,
        wantedColumns(
          { ...input, parameters: { columns: input.parameters["cols"] ?? "" } },
          table.columns,
        ),
      ),
      ...{ from: 0, count, form },
      timezone: timezoneOf({ settings: new Map(Object.entries(project.properties)) }),
    });
  });
  return { body, carried: { rows: count, stream: "body" } };
}

/** How many rows are shown stands in a parameter; to show them is a display. */
const shown = (parameter: string, form: "csv" | "preview") => ({
  ...{ ...namedTable, action: "Select", readOnly: true },
  flows: (_input: OdpsInput, target: TableTarget) => [
    tableFlow(target, { kind: "display" }, "Select"),
  ],
  handle: (target: TableTarget, input: OdpsInput, call: OdpsCall) =>
    rowsShown(target, input, input.parameters[parameter], form, call),
  carries: ({ carried }: OdpsAnswer) => carried,
});

/** `?data&linenum=n`: rows as CSV. */
export const previewTable = operation("PreviewTable", shown("linenum", "csv"));

/** `/preview?limit=n`: rows as an Arrow stream. */
export const previewTableArrow = operation("PreviewTableArrow", shown("limit", "preview"));
