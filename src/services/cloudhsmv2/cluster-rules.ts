import type { BackupRetentionPolicy } from "@aws-sdk/client-cloudhsm-v2";
import type { Mode } from "../../hsm/control/records.ts";
import { invalid } from "./find.ts";

/** The types of HSM that AWS has, and the modes in which each can work; the first unless another is asked for. */
const modesOf: Readonly<Record<string, readonly Mode[]>> = {
  "hsm1.medium": ["FIPS"],
  "hsm2m.medium": ["FIPS", "NON_FIPS"],
};

/** The mode of a cluster of this type. Throws when there is no such type, or it has no such mode. */
export function modeOf(hsmType: string, asked: string | undefined): Mode {
  const modes = Object.hasOwn(modesOf, hsmType) ? modesOf[hsmType] : undefined;
  const mode = modes?.find((one) => asked === undefined || one === asked);
  if (!modes) {
    throw invalid(`HsmType ${hsmType} is none of ${Object.keys(modesOf).join(", ")}.`);
  }
  if (!mode) throw invalid(`An HSM of type ${hsmType} has no mode ${asked}.`);
  return mode;
}

/** A cluster can change to a newer type, and not back. */
export function checkNewType(before: string, asked: string): void {
  const types = Object.keys(modesOf);
  if (types.indexOf(asked) < types.indexOf(before)) {
    throw invalid(`A cluster of HsmType ${before} cannot become ${asked}.`);
  }
}

const [daysMin, daysMax, daysUsual] = [7, 379, 90];

/** Days that backups are to be kept. */
export function retentionDays(policy: BackupRetentionPolicy | undefined): number {
  if (policy === undefined) return daysUsual;
  const days = Number(policy.Value);
  if (policy.Type !== "DAYS" || !(days >= daysMin && days <= daysMax)) {
    throw invalid(`BackupRetentionPolicy must be of ${daysMin} to ${daysMax} DAYS.`);
  }
  return days;
}

/** Zones of the region, one for each subnet, in their order: `us-east-1a` is the first. */
export function zonesOf(region: string, subnets: readonly string[]): Record<string, string> {
  if (new Set(subnets).size < subnets.length) throw invalid("A subnet is there twice.");
  const letter = (index: number) => String.fromCharCode("a".charCodeAt(0) + index);
  return Object.fromEntries(
    subnets.map((subnet, index) => [`${region}${letter(index)}`, subnet] as const),
  );
}
