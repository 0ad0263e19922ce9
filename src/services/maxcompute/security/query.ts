import { setImmediate } from "node:timers/promises";
import { type OdpsAnswer, partOf, textOf } from "../../../pipeline/document.ts";
import { operation } from "../../../pipeline/operation.ts";
import { openingsOf } from "../../../projects/permissions/openings.ts";
import type { Change, Permissions, Refusal } from "../../../projects/permissions/state.ts";
import { projectTable } from "../../../projects/project.ts";
import { findProposal, type Proposal, waiting } from "../../../projects/proposals.ts";
import { putSecurity, securityOf } from "../../../projects/security.ts";
import type { Command } from "../../../projects/security-language/command.ts";
import { parseCommand } from "../../../projects/security-language/parse.ts";
import { authorityRefusal, runCommand } from "../../../projects/security-language/run-command.ts";
import { newWays } from "../../../projects/what-could-leave.ts";
import { tableRows } from "../catalog.ts";
import { checkStore } from "../check-store.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { askerOf, schemaIn } from "./asker.ts";
import { changeSecurity, pinsNow } from "./change.ts";
import { ranked, type SecurityTarget, worded } from "./target.ts";

/** What a command answers: as lines and as data. */
interface Told {
  readonly text: string;
  readonly json: unknown;
}

/** A command as it was asked. */
interface Asked {
  readonly command: Command;
  readonly text: string;
  readonly target: SecurityTarget;
  readonly call: OdpsCall;
  /** Runs a command on some permissions, as somebody; keeps what it answers. */
  readonly run: (command: Command, state: Permissions, as?: Proposal) => Change;
  /** The schema that names without one mean. */
  readonly schema: string | undefined;
  readonly told: () => Told;
  /** Why the caller may not run a command; undefined: it may. */
  readonly refusalOf: (command: Command, state: Permissions) => Refusal | undefined;
}

/** Runs one command of the security language. */
export const runSecurityQuery = operation("RunSecurityQuery", {
  resolve: ranked("member").resolve,
  open: true,
  readOnly: false,
  async handle(target, { document }, call): Promise<OdpsAnswer> {
    const request = document?.["Authorization"];
    const text = textOf(partOf(request, "Query")) ?? "";
    const command = parseCommand(text);
    let told: Told = { text: "", json: undefined };
    const asker = (state: Permissions, as?: Proposal) => ({
      ...askerOf(target, state, request, call),
      ...(as && { principal: as.by, schema: as.schema }),
    });
    const run = (which: Command, state: Permissions, as?: Proposal): Change => {
      const answer = runCommand(which, state, asker(state, as));
      if (answer.refusal) return { refusal: answer.refusal };
      told = { text: answer.text, json: answer.json };
      return { state: answer.state ?? state };
    };
    const { text: shown, json } = await answerTo({
      ...{ command, text, target, call, run, told: () => told, schema: schemaIn(request) },
      refusalOf: (which, state) => authorityRefusal(which, state, asker(state)),
    });
    const asJson = textOf(partOf(request, "ResponseInJsonFormat")) === "true";
    return { document: { Authorization: { Result: asJson ? JSON.stringify(json) : shown } } };
  },
});

function answerTo(asked: Asked): Told | Promise<Told> {
  const { command } = asked;
  switch (command.kind) {
    case "list-proposals":
      return listProposals(asked);
    case "approve-proposal":
      return approve(asked, command.id);
    case "withdraw-proposal":
      return withdraw(asked, command.id);
    case "dry-run":
      return dryRun(asked, command.command);
    case "show-security-configuration":
      return withPins(asked);
    default:
      return change(asked);
  }
}

/** The configuration, with the tables for which its exceptions were approved, and the version of each. */
async function withPins(asked: Asked): Promise<Told> {
  const { text, json } = await change(asked);
  const { pins } = securityOf(asked.target.store, asked.target.project);
  const shown = pins.map(({ type = "table", schema, table, version }) => ({
    ...{ type, name: schema === undefined ? table : `${schema}.${table}`, version },
  }));
  const lines = shown.map(
    ({ type, name, version }) => `Exception approved for ${type} ${name}, version ${version}`,
  );
  return {
    text: [text, ...lines].join("\n"),
    json: pins.length > 0 ? { ...(json as object), Approved: shown } : json,
  };
}

/** Asks, or changes: what changes something is run once more on what is there when it is its turn. */
async function change({ command, text, target, call, run, told, schema }: Asked): Promise<Told> {
  const first = run(command, target.state);
  if (first.refusal) throw worded(first.refusal);
  const approves = command.kind === "set-protection";
  if (first.state === target.state && !approves) return told();
  if (command.kind === "add-store") await checkStore(command.store, call);
  const meant = { approves, command: text, schema };
  const { waits } = await changeSecurity(
    target,
    (state) => run(command, state),
    worded,
    call,
    meant,
  );
  return waits ? waitsText(waits) : told();
}

const waitsText = ({ id, opens }: Proposal): Told => ({
  text: `Waits as proposal ${id} (${opens.join("; ")}): somebody else who is owner or super_administrator runs\napprove proposal ${id}`,
  json: { Proposal: id, Opens: opens },
});

/** Refuses who may not run a command; the command itself does nothing here. */
function checkMay({ command, target, refusalOf }: Asked): void {
  const refusal = refusalOf(command, target.state);
  if (refusal) throw worded(refusal);
}

function proposalsIn({ target, call }: Asked): readonly Proposal[] {
  return waiting(securityOf(target.store, target.project).proposals ?? [], call.timeMs);
}

function listProposals(asked: Asked): Told {
  checkMay(asked);
  const all = proposalsIn(asked);
  const lines = all.map(
    ({ id, by, atMs, text, schema, opens, pins }) =>
      `${id}  ${by}  ${new Date(atMs).toISOString()}\n  ${text}${schema === undefined ? "" : `\n  in schema ${schema}`}\n  opens: ${opens.join("; ")}${pinsText(pins)}`,
  );
  return { text: lines.join("\n"), json: all };
}

const pinsText = (pins: Proposal["pins"]): string =>
  pins.length === 0
    ? ""
    : `\n  for ${pins.map(({ table, version }) => `${table} version ${version}`).join(", ")}`;

/** Runs what somebody else has proposed, as theirs, on what is there now; exceptions are for what was proposed. */
async function approve(asked: Asked, id: string): Promise<Told> {
  checkMay(asked);
  const { target, call, run, told } = asked;
  const { store, project } = target;
  await call.parts.store.transaction(() => {
    const before = securityOf(store, project);
    const proposals = before.proposals ?? [];
    const found = findProposal(proposals, id, before.permissions, callerName(call), call.timeMs);
    if (found.refusal) throw worded(found.refusal);
    const { proposal } = found;
    const command = parseCommand(proposal.text);
    const { state, refusal } = run(command, before.permissions, proposal);
    if (refusal) throw worded(refusal);
    putSecurity(store, project, {
      permissions: state,
      pins: command.kind === "set-protection" ? proposal.pins : before.pins,
      proposals: proposals.filter((one) => one !== proposal),
    });
  });
  return told();
}

/** Takes a proposal back: who may propose may also say no. */
async function withdraw(asked: Asked, id: string): Promise<Told> {
  checkMay(asked);
  const { target, call } = asked;
  const { store, project } = target;
  await call.parts.store.transaction(() => {
    const before = securityOf(store, project);
    const proposals = waiting(before.proposals ?? [], call.timeMs);
    const left = proposals.filter((one) => one.id !== id);
    if (left.length === proposals.length) {
      const message = `no proposal ${id.slice(0, 32)} waits`;
      throw worded({ code: "NoSuchObject", message });
    }
    putSecurity(store, project, { ...before, proposals: left });
  });
  return { text: "OK", json: "OK" };
}

/** What could leave after a command and could not before; nothing is changed. */
async function dryRun({ target, call, run }: Asked, command: Command): Promise<Told> {
  const { store, project } = target;
  const before = securityOf(store, project);
  const { state, refusal } = run(command, before.permissions);
  if (refusal) throw worded(refusal);
  const after = { ...before, permissions: state, pins: pinsNow(state, store, project.id) };
  const opens = openingsOf(before.permissions, state);
  const tables = [...tableRows(store).range({ prefix: [project.id] })]
    .filter(({ value }) => value.kind !== "view")
    .map(({ value: { schema, name: table, id, version, owner: creator } }) => ({
      ...{ project: project.name, schema, table, id, version: String(version), creator },
    }));
  const projects = [...projectTable(store).range()]
    .map(({ value }) => value.name)
    .filter((name) => name !== project.name);
  const world = { tables, projects, timeMs: call.timeMs };
  const { ways, complete } = await newWays(before, after, world, () => setImmediate());
  const lines = [
    ...opens.map((words) => `opens: ${words}`),
    ...ways.map(
      ({ principal, table, destination, taskType, rule }) =>
        `${principal} could take ${table} to ${destination} (${taskType}: ${rule})`,
    ),
    ...(complete ? [] : ["there is more: not everybody and every table was looked at"]),
    ...(opens.length + ways.length === 0 ? ["nothing could leave that could not before"] : []),
  ];
  return { text: lines.join("\n"), json: { Opens: opens, Ways: ways, Complete: complete } };
}
