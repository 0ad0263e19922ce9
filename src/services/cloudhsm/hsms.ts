import type {
  CreateHsmRequest,
  CreateHsmResponse,
  DeleteHsmRequest,
  DeleteHsmResponse,
  DescribeHsmRequest,
  DescribeHsmResponse,
  ListAvailableZonesRequest,
  ListAvailableZonesResponse,
  ListHsmsRequest,
  ListHsmsResponse,
  ModifyHsmRequest,
  ModifyHsmResponse,
} from "@aws-sdk/client-cloudhsm";
import type { AccessDemand } from "../../access/authorize.ts";
import { newClassicId, newEniId } from "../../hsm/control/ids.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import {
  arnOf,
  type ClassicCall,
  type ClassicHsm,
  classicHsms,
  findHsm,
  inAccount,
  invalid,
  notBuilt,
  pageOf,
  partitionNumbers,
  refused,
} from "./find.ts";

const serialBytes = 5;
const eniBytes = 4;

/** Who gives an HSM a role must be allowed to pass it. */
function passRole(roleArn: string | undefined, { account }: ClassicCall): AccessDemand[] {
  if (roleArn === undefined) return [];
  const owner = /^arn:aws:iam::(\d{12}):role\//.exec(roleArn)?.[1];
  if (owner !== account) throw invalid(`IamRoleArn must be a role of account ${account}.`);
  return [
    {
      action: "iam:PassRole",
      target: { arn: roleArn, account },
      context: { "iam:passedtoservice": "cloudhsm.amazonaws.com" },
    },
  ];
}

/** An HSM is where this Bondstore is, and sends its log nowhere. */
function checkPlace(
  { EniIp, SyslogIp }: { EniIp?: string | undefined; SyslogIp?: string | undefined },
  { own: { clusters } }: ClassicCall,
): void {
  if (SyslogIp !== undefined) throw notBuilt("SyslogIp");
  if (EniIp !== undefined && EniIp !== clusters.port?.host) {
    throw invalid(`EniIp ${EniIp} is not the address of this Bondstore's HSMs.`);
  }
}

const zoneOf = ({ region }: ClassicCall) => `${region}a`;

/** Makes an HSM; it is used once a partition is set up and a client is registered. */
export const createHsm = operation("CreateHsm", {
  resolve: (input: Checked<CreateHsmRequest>, call: ClassicCall) => inAccount(input, call),
  also: ({ IamRoleArn }, _account, call) => passRole(IamRoleArn, call),

  async handle(_account, input, call): Promise<CreateHsmResponse> {
    checkPlace(input, call);
    const { clusters } = call.own;
    // One at a time, so that a request that is sent again finds what the first one made.
    const id = await refused(clusters.inTurn(`classic ${call.account}`, () => make(input, call)));
    return { HsmArn: arnOf(call, id) };
  },

  responseElements: ({ HsmArn }) => ({ hsmArn: HsmArn ?? null }),
});

async function make(input: Checked<CreateHsmRequest>, call: ClassicCall): Promise<string> {
  const { SubnetId, SshKey, IamRoleArn, ExternalId, ClientToken } = input;
  const repeated = classicHsms(call).find(
    ({ classic }) => ClientToken !== undefined && classic.clientToken === ClientToken,
  );
  if (repeated) return repeated.id;
  const { random } = call.parts;
  const id = newClassicId("hsm", random);
  const zone = zoneOf(call);
  await call.own.life.createClassic(
    id,
    {
      account: call.account,
      hsmType: "classic",
      mode: "NON_FIPS",
      networkType: "IPV4",
      retentionDays: 0,
      subnets: { [zone]: SubnetId },
      tags: {},
    },
    { id, zone, subnet: SubnetId, eniId: newEniId(eniBytes, random) },
    {
      serial: String(random.bytes(serialBytes).readUIntBE(0, serialBytes)),
      subnet: SubnetId,
      sshKey: SshKey,
      sshKeyAtMs: call.timeMs,
      roleArn: IamRoleArn,
      ...(ExternalId !== undefined && { externalId: ExternalId }),
      ...(ClientToken !== undefined && { clientToken: ClientToken }),
    },
  );
  return id;
}

export const describeHsm = operation("DescribeHsm", {
  resolve: (input: Checked<DescribeHsmRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { HsmArn, HsmSerialNumber }, call): DescribeHsmResponse {
    const bySerial = classicHsms(call).find(({ classic }) => classic.serial === HsmSerialNumber);
    const hsm = (HsmArn === undefined && bySerial) || findHsm(HsmArn, call);
    return describe(hsm, call);
  },
});

function describe(hsm: ClassicHsm, call: ClassicCall): DescribeHsmResponse {
  const { classic, createdAtMs, state } = hsm;
  const arn = arnOf(call, hsm.id);
  const address = call.own.clusters.port?.host;
  const eniId = hsm.hsms[0]?.eniId;
  return {
    HsmArn: arn,
    Status: state === "INITIALIZED" ? "RUNNING" : "PENDING",
    AvailabilityZone: zoneOf(call),
    ...(eniId !== undefined && { EniId: eniId }),
    ...(address !== undefined && { EniIp: address }),
    SubscriptionType: "PRODUCTION",
    SubscriptionStartDate: String(createdAtMs),
    SubnetId: classic.subnet,
    IamRoleArn: classic.roleArn,
    SerialNumber: classic.serial,
    VendorName: "Bondstore",
    HsmType: "software",
    SshPublicKey: classic.sshKey,
    SshKeyLastUpdated: String(classic.sshKeyAtMs),
    ServerCertLastUpdated: String(createdAtMs),
    Partitions: partitionNumbers(hsm, call).map((number) => `${arn}/partition-${number}`),
  };
}

export const listHsms = operation("ListHsms", {
  resolve: (input: Checked<ListHsmsRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { NextToken }, call): ListHsmsResponse {
    const ids = classicHsms(call).map(({ id }) => id);
    const { arns, ...next } = pageOf(ids, NextToken, call);
    return { HsmList: arns, ...next };
  },
});

/** Changes what is said of an HSM. */
export const modifyHsm = operation("ModifyHsm", {
  resolve: (input: Checked<ModifyHsmRequest>, call: ClassicCall) => inAccount(input, call),
  also: ({ IamRoleArn }, _account, call) => passRole(IamRoleArn, call),

  async handle(_account, input, call): Promise<ModifyHsmResponse> {
    const { HsmArn, SubnetId, IamRoleArn, ExternalId } = input;
    checkPlace(input, call);
    const { id, account, classic } = findHsm(HsmArn, call);
    await refused(
      call.own.clusters.change(account, id, (now) => ({
        ...now,
        classic: {
          ...(now.classic ?? classic),
          ...(SubnetId !== undefined && { subnet: SubnetId }),
          ...(IamRoleArn !== undefined && { roleArn: IamRoleArn }),
          ...(ExternalId !== undefined && { externalId: ExternalId }),
        },
      })),
    );
    return { HsmArn: arnOf(call, id) };
  },
});

/** Removes an HSM whose partitions are empty, and zeroizes what is left: partitions and log. */
export const deleteHsm = operation("DeleteHsm", {
  resolve: (input: Checked<DeleteHsmRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { HsmArn }, call): Promise<DeleteHsmResponse> {
    const { account, id } = findHsm(HsmArn, call);
    await refused(call.own.life.remove(account, id));
    return { Status: "SUCCESS" };
  },
});

/** Names the zone that HSMs are in: there is one. */
export const listAvailableZones = operation("ListAvailableZones", {
  resolve: (input: Checked<ListAvailableZonesRequest>, call: ClassicCall) => inAccount(input, call),
  handle: (_account, _input, call): ListAvailableZonesResponse => ({ AZList: [zoneOf(call)] }),
});
