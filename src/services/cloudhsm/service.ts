import type { HsmControl } from "../../hsm/control/open-control.ts";
import type { Service } from "../../pipeline/operation.ts";
import * as hapgs from "./hapgs.ts";
import * as hsms from "./hsms.ts";
import * as lunaClients from "./luna-clients.ts";
import * as tags from "./tags.ts";

const nouns = [hapgs, hsms, lunaClients, tags] as const;

/** AWS CloudHSM Classic: an HSM is a cluster of one, and its clients are registered by their certificates. */
export const cloudHsm = (control: HsmControl): Service<HsmControl> => ({
  name: "cloudhsm",
  prefix: "cloudhsm",
  eventSource: "cloudhsm.amazonaws.com",
  operations: nouns.flatMap((noun) => Object.values(noun)),
  start: () => control,
});
