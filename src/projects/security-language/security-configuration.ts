import type { Permissions } from "../permissions/state.ts";
import type { Listing } from "./listed-grants.ts";

/** The security configuration, line by line in the order that clients show it in. */
export function showSecurityConfiguration(state: Permissions): Listing {
  const { settings, protection, exceptions } = state;
  const rows: readonly (readonly [name: string, value: boolean])[] = [
    ["CheckPermissionUsingAcl", settings.checkPermissionUsingAcl],
    ["CheckPermissionUsingPolicy", settings.checkPermissionUsingPolicy],
    ["ObjectCreatorHasAccessPermission", settings.objectCreatorHasAccessPermission],
    ["ObjectCreatorHasGrantPermission", settings.objectCreatorHasGrantPermission],
    ["LabelSecurity", settings.labelSecurity],
    ["ProjectProtection", protection],
    ["ExternalResourceAccessControl", settings.externalResourceAccessControl],
    ["EnableDownloadPrivilege", settings.enableDownloadPrivilege],
    // Ours: shown where it is on, so that clients meet what they know otherwise.
    ...(settings.secondApprover ? [["SecondApprover", true] as const] : []),
  ];
  const lines = rows.flatMap(([name, value]) =>
    name === "ProjectProtection" && protection && exceptions !== undefined
      ? [`${name}=${value}`, `ProjectProtection with Exception:${exceptions}`]
      : [`${name}=${value}`],
  );
  return {
    text: lines.join("\n"),
    json: {
      ...Object.fromEntries(rows),
      ...(exceptions === undefined ? {} : { Exceptions: JSON.parse(exceptions) as unknown }),
    },
  };
}
