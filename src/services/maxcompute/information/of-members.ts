import { labelOf } from "../../../projects/permissions/labels-read.ts";
import { builtInRoles, rolesOf } from "../../../projects/permissions/names.ts";
import type { Grant } from "../../../projects/permissions/state.ts";
import type { InformationAsker } from "./asker.ts";
import type { InformationRow } from "./relation.ts";

/** Who administers a project sees all members; others see themselves and their roles. */
const shown = ({ administers, isOwn }: InformationAsker, name: string): boolean =>
  administers || isOwn(name);

const members = ({ state }: InformationAsker): readonly string[] => [
  state.owner,
  ...state.users.map(({ name }) => name),
];

/** Members that the asker may know of. */
export function* users(asker: InformationAsker): Generator<InformationRow> {
  const { project, state } = asker;
  for (const name of members(asker)) {
    if (!shown(asker, name)) continue;
    yield {
      ...{ user_catalog: "odps", user_schema: project.name, user_name: name, user_id: name },
      user_label: String(labelOf(state, { kind: "user", name })),
    };
  }
}

/** Roles, those that every project has first. */
export function* roles(asker: InformationAsker): Generator<InformationRow> {
  const { project, state } = asker;
  const builtIn = builtInRoles.map((name) => ({ name, comment: "" }));
  for (const { name, comment } of [...builtIn, ...state.roles]) {
    if (!shown(asker, name)) continue;
    yield {
      ...{ role_catalog: "odps", role_schema: project.name, role_name: name, comment },
      role_label: String(labelOf(state, { kind: "role", name })),
    };
  }
}

/** Who has which role. */
export function* userRoles(asker: InformationAsker): Generator<InformationRow> {
  const { project, state } = asker;
  for (const name of members(asker)) {
    if (!shown(asker, name)) continue;
    for (const role of rolesOf(state, name)) {
      yield {
        ...{ user_role_catalog: "odps", user_role_schema: project.name, role_name: role },
        ...{ user_name: name, user_id: name },
      };
    }
  }
}

/** Grants on things of one type, one row for each privilege. */
function* granted(
  asker: InformationAsker,
  type: Grant["object"]["type"],
): Generator<{ readonly grant: Grant; readonly privilege: string }> {
  for (const grant of asker.state.grants) {
    if (grant.object.type !== type || !shown(asker, grant.to.name)) continue;
    for (const privilege of grant.privileges) yield { grant, privilege };
  }
}

const grantee = ({ to, effect, expiresMs }: Grant, privilege: string) => ({
  ...{ grantee_type: to.kind.toUpperCase(), user_id: to.name, user_name: to.name },
  ...{ privilege_type: privilege, effect: effect.toUpperCase(), expires: expiresMs ?? null },
});

/** Grants on tables. */
export function* tablePrivileges(asker: InformationAsker): Generator<InformationRow> {
  for (const { grant, privilege } of granted(asker, "table")) {
    yield {
      ...{ table_catalog: "odps", table_schema: asker.project.name },
      ...{ table_name: grant.object.name, schema_name: grant.object.schema ?? "default" },
      ...grantee(grant, privilege),
    };
  }
}

/** Grants on packages. */
export function* packagePrivileges(asker: InformationAsker): Generator<InformationRow> {
  for (const { grant, privilege } of granted(asker, "package")) {
    yield {
      ...{ package_catalog: "odps", package_schema: asker.project.name },
      ...{ package_name: grant.object.name, ...grantee(grant, privilege) },
    };
  }
}

/** Packages that the project has installed, for who administers it. */
export function* installedPackages(asker: InformationAsker): Generator<InformationRow> {
  if (!asker.administers) return;
  for (const { project, name, installedMs } of asker.state.installed) {
    yield {
      ...{ installed_package_catalog: "odps", installed_package_schema: asker.project.name },
      ...{ package_owner_project: project, package_name: name, installed_time: installedMs },
    };
  }
}
