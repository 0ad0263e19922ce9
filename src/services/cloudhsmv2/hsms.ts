import type {
  CreateHsmRequest,
  CreateHsmResponse,
  DeleteHsmRequest,
  DeleteHsmResponse,
} from "@aws-sdk/client-cloudhsm-v2";
import { newEniId, newId } from "../../hsm/control/ids.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { describeHsm } from "./describe.ts";
import { clusterOf, findCluster, type HsmCall, invalid, notFound } from "./find.ts";
import { refused } from "./refuse.ts";

const eniBytes = 8;

/** Adds an HSM to a cluster. The door of an initialized cluster is open while it has one. */
export const createHsm = operation("CreateHsm", {
  resolve: ({ ClusterId }: Checked<CreateHsmRequest>, call: HsmCall) =>
    findCluster(ClusterId, call),

  async handle(target, { AvailabilityZone, IpAddress }, call): Promise<CreateHsmResponse> {
    const { account, id } = clusterOf(target);
    const { clusters, life } = call.own;
    const { random } = call.parts;
    if (IpAddress !== undefined && IpAddress !== clusters.port?.host) {
      throw invalid(`IpAddress ${IpAddress} is not that of this Bondstore's HSMs.`);
    }
    const hsm = { id: newId("hsm", random), eniId: newEniId(eniBytes, random) };
    const changed = await refused(
      life.addHsm(account, id, ({ subnets }) => {
        const subnet = Object.hasOwn(subnets, AvailabilityZone) ? subnets[AvailabilityZone] : "";
        if (!subnet) {
          throw invalid(`Cluster ${id} has no subnet in availability zone ${AvailabilityZone}.`);
        }
        return { ...hsm, zone: AvailabilityZone, subnet };
      }),
    );
    const made = changed.hsms.at(-1);
    return { ...(made && { Hsm: describeHsm(made, changed, call, "CREATE_IN_PROGRESS") }) };
  },

  responseElements: ({ Hsm }) => ({
    hsm: {
      hsmId: Hsm?.HsmId ?? null,
      clusterId: Hsm?.ClusterId ?? null,
      availabilityZone: Hsm?.AvailabilityZone ?? null,
    },
  }),
});

/** Takes an HSM away. What the last one of a cluster held is kept as a backup. */
export const deleteHsm = operation("DeleteHsm", {
  resolve: ({ ClusterId }: Checked<DeleteHsmRequest>, call: HsmCall) =>
    findCluster(ClusterId, call),

  async handle(target, { HsmId, EniId, EniIp }, call): Promise<DeleteHsmResponse> {
    const { account, id, hsms } = clusterOf(target);
    const { clusters, life } = call.own;
    if ([HsmId, EniId, EniIp].filter((one) => one !== undefined).length !== 1) {
      throw invalid("Exactly one of HsmId, EniId and EniIp must be given.");
    }
    const here = EniIp === undefined || EniIp === clusters.port?.host;
    const found = hsms.filter(
      (hsm) => here && (HsmId ?? hsm.id) === hsm.id && (EniId ?? hsm.eniId) === hsm.eniId,
    );
    const [hsm] = found;
    if (!hsm) throw notFound(`HSM ${HsmId ?? EniId ?? EniIp} of cluster ${id}`);
    if (found.length > 1)
      throw invalid(`Several HSMs have the address ${EniIp}: name one by HsmId.`);
    await refused(life.removeHsm(account, id, hsm.id));
    return { HsmId: hsm.id };
  },

  responseElements: ({ HsmId }) => ({ hsmId: HsmId ?? null }),
});
