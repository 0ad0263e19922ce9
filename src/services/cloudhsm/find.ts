import { NotNow } from "../../hsm/control/clusters.ts";
import type { HsmControl } from "../../hsm/control/open-control.ts";
import type { ClusterRecord, LunaClientRecord, Tags } from "../../hsm/control/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import type { Table } from "../../storage/store.ts";

export type ClassicCall = Call<HsmControl>;

/** An HSM of CloudHSM Classic: a cluster of one. */
export type ClassicHsm = ClusterRecord & Required<Pick<ClusterRecord, "classic">>;

/** A high-availability partition group, in `hsm-hapgs` of its account, by id. */
export interface HapgRecord {
  /** `hapg-…` */
  readonly id: string;
  readonly label: string;
  /** Digits. */
  readonly serial: string;
  /** Numbers of its partitions, see `partitionNumber`. */
  readonly partitions: readonly string[];
  readonly modifiedAtMs: number;
  readonly tags: Tags;
}

export const hapgTable = ({ store }: ClassicCall): Table<HapgRecord> => store.table("hsm-hapgs");

export const lunaClientTable = (call: ClassicCall): Table<LunaClientRecord> =>
  call.own.clusters.tables.lunaClients(call.account);

export const invalid = (message: string): ServiceError =>
  new ServiceError("InvalidRequestException", message);

export const notBuilt = (what: string): ServiceError =>
  invalid(`${what} is not built in this Bondstore yet.`);

/** Words what cannot be done now as this service does. */
export async function refused<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof NotNow ? invalid(error.message) : error;
  }
}

export const arnOf = ({ region, account }: ClassicCall, id: string): string =>
  `arn:aws:cloudhsm:${region}:${account}:${id}`;

/** The actions of CloudHSM Classic name no resource: a policy says `*`. */
export const inAccount = (_input: unknown, call: ClassicCall): Target => ({
  arn: "*",
  account: call.account,
});

/** The id in an ARN of the caller's account; undefined where it is another's. */
function idIn(arn: string | undefined, call: ClassicCall): string | undefined {
  const id = /[^:]*$/.exec(arn ?? "")?.[0] ?? "";
  return arn === arnOf(call, id) ? id : undefined;
}

/** What has this ARN in the caller's account. Throws when there is none. */
function findBy<Found>(
  arn: string | undefined,
  call: ClassicCall,
  find: (id: string) => Found | undefined,
): Found {
  const id = idIn(arn, call);
  const found = id === undefined ? undefined : find(id);
  if (!found) throw invalid(`There is no ${arn ?? "such thing"} in account ${call.account}.`);
  return found;
}

export const classicHsms = (call: ClassicCall): readonly ClassicHsm[] =>
  call.own.clusters.all(call.account).filter((one): one is ClassicHsm => one.classic !== undefined);

export const findHsm = (arn: string | undefined, call: ClassicCall): ClassicHsm =>
  findBy(arn, call, (id) => classicHsms(call).find((hsm) => hsm.id === id));

export const findHapg = (arn: string | undefined, call: ClassicCall): HapgRecord =>
  findBy(arn, call, (id) => hapgTable(call).find([id]));

export const findLunaClient = (arn: string | undefined, call: ClassicCall): LunaClientRecord =>
  findBy(arn, call, (id) => lunaClientTable(call).find([id]));

const numberDigits = 12;

/** A partition as this interface names it: 12 digits, where its serial has 16 hexadecimal ones. */
export const partitionNumber = (serial: string): string =>
  (BigInt(`0x${Buffer.from(serial).toString("hex")}`) % 10n ** BigInt(numberDigits))
    .toString()
    .padStart(numberDigits, "0");

export const partitionNumbers = (hsm: ClassicHsm, { own: { clusters } }: ClassicCall) =>
  (clusters.contents(hsm)?.partitions() ?? []).map(({ serial }) => partitionNumber(serial));

const pageSize = 100;

/** One page of ARNs; its token is how many came before. */
export function pageOf(
  ids: readonly string[],
  token: string | undefined,
  call: ClassicCall,
): { readonly arns: string[]; readonly NextToken?: string } {
  const from = token === undefined ? 0 : Number(/^[0-9]{1,6}$/.test(token) ? token : Number.NaN);
  if (!(from <= ids.length)) throw invalid("The NextToken is not valid.");
  const to = from + pageSize;
  return {
    arns: ids.slice(from, to).map((id) => arnOf(call, id)),
    ...(to < ids.length && { NextToken: String(to) }),
  };
}
