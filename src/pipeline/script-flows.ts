import type { Place } from "../projects/code-jobs.ts";
import { roleMember } from "../projects/project.ts";
import type { WantedFlow } from "../projects/projects.ts";
import { resolveScript } from "../sql/flink/script.ts";
import type { ScriptStore } from "../sql/flink/stores.ts";
import type { Call } from "./call.ts";
import type { Target } from "./operation.ts";
import { flowFrom, type Held, heldAt, placeWritten } from "./store-flows.ts";

/** An application that a script would run as. */
export interface ScriptRunner {
  readonly application: Target;
  /** Name of the role that it acts as. */
  readonly role: string;
}

const targetOf = (store: ScriptStore, { region, account }: Call): Target | undefined => {
  switch (store.kind) {
    case "bucket":
      return { arn: `arn:aws:s3:::${store.name}`, account };
    case "stream":
      return { arn: `arn:aws:kinesis:${region}:${account}:stream/${store.name}`, account };
    case "log":
    case "nothing":
      return undefined;
  }
};

/**
 * What a script of Flink SQL would move: from each store that it reads to its application, and by each statement to
 * what it writes; whatever the application itself would change; and of what is not clear, everything to the outside.
 */
export function scriptFlows(
  script: string,
  { application, role }: ScriptRunner,
  call: Call,
): readonly WantedFlow[] {
  const { moves, unclear } = resolveScript(script);
  const { account } = call;
  const mover = { name: roleMember(account, role), ip: "cell", secure: true };
  const flows = new Map<string, WantedFlow>();
  const add = (from: Held | undefined, destination: Place, statement: string): void => {
    if (!from) return;
    const flow = { ...flowFrom(from, destination, "kinesisanalytics"), mover, statement };
    const key = JSON.stringify([from.arn, destination]);
    if (!flows.has(key)) flows.set(key, flow);
  };
  const heldStore = (store: ScriptStore): Held | undefined => {
    const target = targetOf(store, call);
    return target && heldAt(target, call);
  };
  const own = heldAt(application, call);
  const sources = new Map<ScriptStore, Held | undefined>();
  for (const { from, into, statement, line } of moves) {
    const by = `statement ${statement} (line ${line})`;
    const sink = targetOf(into, call);
    const log: Place = { kind: "external", location: `the log of ${application.arn}` };
    const place = (held: Held) => (sink ? placeWritten(sink, held.project.account, call) : log);
    for (const store of from) {
      const held = heldStore(store);
      sources.set(store, held);
      if (!held) continue;
      add(held, placeWritten(application, held.project.account, call), by);
      if (into.kind !== "nothing") add(held, place(held), by);
    }
    if (own && into.kind !== "nothing") add(own, place(own), by);
  }
  for (const { statement, line, reason } of unclear) {
    const by = `statement ${statement} (line ${line}): ${reason}`;
    const anywhere: Place = { kind: "external", location: `anywhere: ${by}` };
    for (const held of [own, ...sources.values()]) add(held, anywhere, by);
  }
  return [...flows.values()];
}
