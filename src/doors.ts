import { type KeepsOut, refuseOthers } from "./cell-doors.ts";
import type { Config } from "./config.ts";
import { applicationOf } from "./identity/principal.ts";
import { describeFault } from "./lib/describe-fault.ts";
import { isClusterJob } from "./projects/cluster-jobs.ts";
import type { Environment, Opened } from "./server.ts";
import { createFrontDoor, type FrontDoorOptions } from "./wire/front-door.ts";
import { admitOdps } from "./wire/odps/door.ts";
import type { Handle } from "./wire/server/serving.ts";

/** Ways into the services, for all but those whom somebody keeps out. */
export interface Doors {
  /** Every service, whatever its API. */
  whole(keepsOut: KeepsOut): Handle;
  /** Those of AWS's APIs. */
  front(keepsOut: KeepsOut): Handle;
  /** The warehouse alone. */
  warehouse(keepsOut: KeepsOut): Handle;
}

/** Makes the doors to a pipeline. */
export function makeDoors(
  { region, admitSignatureV2, hostNames }: Config,
  { parts: { directory }, furtherRegions }: Opened,
  pipeline: FrontDoorOptions["pipeline"],
  { clock, random, log }: Environment,
): Doors {
  const common = {
    ...{ pipeline, directory, clock, random },
    onFault: (id: string, cause: unknown) => log(`request ${id} failed: ${describeFault(cause)}`),
  };
  const hosts = ["localhost", ...hostNames];
  const front = (keepsOut: KeepsOut) =>
    createFrontDoor({ ...common, region, furtherRegions, admitSignatureV2, hosts, keepsOut });
  return {
    front,
    // What an executor of a cluster has is good at the warehouse's door, and there for its files alone.
    whole: (keepsOut) =>
      admitOdps(front(keepsOut), {
        ...common,
        keepsOut: (who) => (isClusterJob(applicationOf(who)) ? undefined : keepsOut(who)),
      }),
    warehouse: (keepsOut) => admitOdps(refuseOthers, { ...common, keepsOut }),
  };
}
