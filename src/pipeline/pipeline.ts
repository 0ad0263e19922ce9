import type { Json } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import type { Arrival } from "./arrival.ts";
import type { Invoke, Parts } from "./call.ts";
import type { Service } from "./operation.ts";
import { createUnprovenLimit, recordUnproven, type Unproven } from "./record.ts";
import { notBuilt } from "./refusals.ts";
import { type Running, run } from "./run.ts";

/** The services while they run, and the one way into them. */
export interface Pipeline {
  /** Takes a request the whole way. See `run`. */
  run(arrival: Arrival): Promise<unknown>;
  /** Records a request that was refused because its signature proves nothing. */
  refused(
    request: Omit<Unproven, "eventSource" | "last"> & { readonly service: string },
  ): Promise<void>;
  /** True for a service that is in every Region of this Bondstore, not at home only. */
  isEverywhere(service: string): boolean;
  /** True where requests without a signature are judged too. */
  admitsAnonymous(service: string): boolean;
  stop(): Promise<void>;
}

/** Shows an input without secrets: the wire's knowledge of the models, passed in. */
export type Describe = (service: string, operation: string, input: unknown) => Json;

/** Starts every service, in the order given. */
export async function startPipeline(
  below: Omit<Parts, "invoke">,
  services: readonly Service[],
  describe: Describe,
): Promise<Pipeline> {
  const running = new Map<string, Running>();
  const unproven = createUnprovenLimit();

  const find = (service: string, operation: string): Running => {
    const found = running.get(service);
    if (!found) throw notBuilt(service, operation);
    return found;
  };

  const invoke: Invoke = async <Output>(
    service: string,
    operation: string,
    input: Record<string, unknown>,
    as: Parameters<Invoke>[3],
  ) => {
    const output = await run(
      {
        id: below.random.uuid(),
        service,
        operation,
        ...as,
        decode: () => input,
        describe: (given) => describe(service, operation, given),
        inner: true,
      },
      find(service, operation),
      parts,
    );
    return output as Output;
  };

  const parts: Parts = { ...below, invoke };
  for (const service of services) {
    const operations = new Map(service.operations.map((one) => [one.name, one]));
    assert(
      operations.size === service.operations.length,
      `${service.name} lists an operation twice`,
    );
    running.set(service.name, { service, own: await service.start(parts), operations });
  }

  return {
    run: (arrival) => run(arrival, find(arrival.service, arrival.operation), parts),
    async refused({ service, ...request }) {
      const place = unproven.take(request.account, below.clock.now());
      if (place === "full") return;
      const eventSource = running.get(service)?.service.eventSource ?? `${service}.amazonaws.com`;
      await recordUnproven(parts, { ...request, eventSource, last: place === "last" });
    },
    isEverywhere(service) {
      const found = running.get(service)?.service;
      return found?.global === true || found?.inRegion !== undefined;
    },
    admitsAnonymous: (service) => running.get(service)?.service.anonymous ?? false,
    async stop() {
      for (const { service, own } of [...running.values()].reverse()) await service.stop?.(own);
    },
  };
}
