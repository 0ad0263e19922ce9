import assert from "node:assert/strict";
import { findModel } from "../../src/wire/models.ts";
import type { Keys, Running } from "./bondstore.ts";
import { builtOperations } from "./built.ts";
import { minimalInput } from "./minimal-input.ts";
import { callerOf, type Ended } from "./sdk.ts";
import type { World } from "./world.ts";

/** Each operation that is built, with the smallest input that the model admits. */
export function* everyCall({ known }: Pick<World, "known">) {
  for (const { service, operations } of builtOperations()) {
    for (const name of operations) {
      const model = findModel(service)?.findOperation(name);
      assert.ok(model, `${service}:${name} is in no model`);
      yield { service, name, input: minimalInput(model, known[service] ?? {}) };
    }
  }
}

/** Calls everything as somebody; answers how each ended. */
export async function callAll(running: Running, keys: Keys, world: Pick<World, "known">) {
  const ended: [name: string, ended: Ended][] = [];
  for (const { service, name, input } of everyCall(world)) {
    const { call, close } = callerOf(service, running.client(keys));
    ended.push([`${service}:${name}`, await call(name, input)]);
    close();
  }
  return ended;
}

/** Reads whose answers change by themselves. */
const restless =
  /Iterator|GetRecords|GetSessionToken|GetObject$|GetParametersForImport|LastUsed|LastUsage|LookupEvents/;

/** What root reads of everything, as text. */
export async function readAll(
  running: Running,
  { tenant, known }: World,
): Promise<Map<string, string>> {
  const read = new Map<string, string>();
  for (const { service, name, input } of everyCall({ known })) {
    if (!/^(Get|List|Describe)/.test(name) || restless.test(name)) continue;
    const { call, close } = callerOf(service, running.client(tenant.root));
    const { code, output } = await call(name, input);
    const { $metadata: _, ...members } = output;
    read.set(`${service}:${name}`, JSON.stringify([code, members]));
    close();
  }
  return read;
}
