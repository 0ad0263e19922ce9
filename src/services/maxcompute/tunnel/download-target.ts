import type { AccessDemand } from "../../../access/authorize.ts";
import { applicationOf } from "../../../identity/principal.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import {
  namedTable,
  type OdpsCall,
  type TableTarget,
  tableContext,
  tableOf,
} from "../find-project.ts";
import { tableFlow } from "../flows.ts";

/** A table whose rows would be carried away; with download control that is a privilege of its own. */
export interface DownloadTarget extends TableTarget {
  readonly controlled: boolean;
}

/**
 * How operations that carry rows of a table away find and judge it, whatever they are called. `versionOf` tells the
 * version that a session reads, where there is one.
 */
export const onDownload = (
  versionOf: (input: OdpsInput, target: DownloadTarget, call: OdpsCall) => number | undefined,
) => ({
  ...namedTable,
  resolve(input: OdpsInput, call: OdpsCall): DownloadTarget {
    const target = tableOf(input, call);
    const { projects } = call.parts;
    const { settings } = projects.permissionsOf(target.project);
    // What the code of a job reads is carried away by what it writes, and that is judged as such.
    const stays = projects.codeJobs.find(applicationOf(call.principal)) !== undefined;
    return { ...target, controlled: settings.enableDownloadPrivilege && !stays };
  },
  readOnly: true,
  action: (_input: OdpsInput, { controlled }: DownloadTarget) =>
    controlled ? "Download" : "Select",
  also: (_input: OdpsInput, target: DownloadTarget): readonly AccessDemand[] =>
    target.controlled ? [{ action: "odps:Describe", target, context: tableContext(target) }] : [],
  flows: (input: OdpsInput, target: DownloadTarget, call: OdpsCall): readonly WantedFlow[] => {
    const version = versionOf(input, target, call) ?? target.table.version;
    const action = target.controlled ? "Download" : "Select";
    return [tableFlow(target, { kind: "download" }, action, version)];
  },
});
