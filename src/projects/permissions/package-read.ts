import { namesPrincipal } from "../../policy/odps/document.ts";
import { isSameName } from "../../policy/odps/names.ts";
import { pathsOf } from "../../policy/odps/resource.ts";
import { compilePermissions } from "./compiled.ts";
import { fits, judgeDirect, readsData } from "./judge-direct.ts";
import { labelsRead } from "./labels-read.ts";
import { includesName, isSameObject, objectOf } from "./names.ts";
import type { Decision, Question } from "./question.ts";
import { refusalText } from "./refusal-text.ts";
import type { Package, PackageAdmission, PackageItem, Permissions } from "./state.ts";

/**
 * Judges by the packages of a project that the one somebody works in has installed. Undefined when none speaks of the
 * thing. Who revokes the admission, removes the item or uninstalls ends this at once.
 */
export function judgePackage(state: Permissions, question: Question): Decision | undefined {
  const { current } = question;
  if (!current || isSameName(current.project, state.project)) return undefined;
  let refusal: Decision | undefined;
  for (const one of state.packages) {
    if (!isInstalled(current, state.project, one)) continue;
    const admission = findAdmission(one, current.project, question.timeMs);
    const item = one.items.find(({ object }) => isSameObject(object, question.object));
    if (!admission || !item || !lists(admission, item, question)) continue;
    const name = `${state.project}.${one.name}`;
    if (!mayUse(current, name, question)) continue;
    const why = findObstacle(state, question, admission);
    if (why === undefined) return { allowed: true, because: "package", detail: name };
    refusal = {
      allowed: false,
      because: why.kind,
      message: refusalText(state, question, why.kind, why.text),
    };
  }
  return refusal;
}

const isInstalled = ({ installed }: Permissions, project: string, { name }: Package): boolean =>
  installed.some((one) => isSameName(one.project, project) && isSameName(one.name, name));

/** The admission of a project by its own name goes before that of every project. */
function findAdmission(
  { admitted }: Package,
  project: string,
  timeMs: number,
): PackageAdmission | undefined {
  const valid = admitted.filter(({ expiresMs }) => expiresMs === undefined || expiresMs > timeMs);
  return (
    valid.find((one) => isSameName(one.project, project)) ??
    valid.find((one) => one.project === "*")
  );
}

/** Whether item and admission both name the privilege, and the columns if they name any. */
function lists(
  { privileges }: PackageAdmission,
  item: PackageItem,
  { action, columns }: Question,
): boolean {
  if (!includes(item.privileges, action)) return false;
  if (privileges !== undefined && !includes(privileges, action)) return false;
  const open = item.object.columns;
  if (open === undefined) return true;
  return (
    columns !== undefined && columns.length > 0 && columns.every((one) => includesName(open, one))
  );
}

const includes = (privileges: readonly string[], action: string): boolean =>
  privileges.includes(action) || (action !== "Download" && privileges.includes("All"));

/** A package is used by whom the installing project lets read it. */
function mayUse(current: Permissions, name: string, question: Question): boolean {
  const object = { type: "package", name } as const;
  const { columns: _columns, ...rest } = question;
  return judgeDirect(current, { ...rest, current: undefined, action: "Read", object }).allowed;
}

interface Obstacle {
  readonly kind: "denied" | "label";
  readonly text: string;
}

/** What the owner of the data has set against it: denies of the project's policy, and labels. */
function findObstacle(
  state: Permissions,
  question: Question,
  { label: most }: PackageAdmission,
): Obstacle | undefined {
  const paths = pathsOf(objectOf(state.project, question.object));
  const denies =
    state.settings.checkPermissionUsingPolicy &&
    compilePermissions(state).projectStatements.some(
      (one) =>
        one.effect === "deny" &&
        namesPrincipal(one, question.principal) &&
        fits(one, question, paths),
    );
  if (denies) return { kind: "denied", text: "Explicitly denied by policy." };
  if (!state.settings.labelSecurity || !readsData(question)) return undefined;
  const beyond = [...labelsRead(state, question)].filter(([, label]) => label > most);
  if (beyond.length === 0) return undefined;
  const columns = beyond.map(([column, label]) => `${column} (label ${label})`).join(", ");
  return { kind: "label", text: `Label check failed for column: ${columns}.` };
}
