import type {
  CreateHapgRequest,
  CreateHapgResponse,
  DeleteHapgRequest,
  DeleteHapgResponse,
  DescribeHapgRequest,
  DescribeHapgResponse,
  ListHapgsRequest,
  ListHapgsResponse,
  ModifyHapgRequest,
  ModifyHapgResponse,
} from "@aws-sdk/client-cloudhsm";
import { newClassicId } from "../../hsm/control/ids.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import {
  arnOf,
  type ClassicCall,
  classicHsms,
  findHapg,
  type HapgRecord,
  hapgTable,
  inAccount,
  invalid,
  pageOf,
  partitionNumbers,
} from "./find.ts";

const hapgsMax = 100;
const partitionsMax = 32;
const serialBytes = 5;

/** Numbers of all partitions of the account. */
const everyPartition = (call: ClassicCall): ReadonlySet<string> =>
  new Set(classicHsms(call).flatMap((hsm) => partitionNumbers(hsm, call)));

/** Makes a high-availability partition group: partitions that clients use as one. It is empty at first. */
export const createHapg = operation("CreateHapg", {
  resolve: (input: Checked<CreateHapgRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { Label }, call): Promise<CreateHapgResponse> {
    const { random, store } = call.parts;
    const table = hapgTable(call);
    const made: HapgRecord = {
      id: newClassicId("hapg", random),
      label: Label,
      serial: String(random.bytes(serialBytes).readUIntBE(0, serialBytes)),
      partitions: [],
      modifiedAtMs: call.timeMs,
      tags: {},
    };
    await store.transaction(() => {
      if ([...table.range({ limit: hapgsMax })].length >= hapgsMax) {
        throw invalid(`An account has at most ${hapgsMax} partition groups.`);
      }
      if (table.find([made.id])) throw invalid("This id is taken: try again.");
      table.put([made.id], made);
    });
    return { HapgArn: arnOf(call, made.id) };
  },

  responseElements: ({ HapgArn }) => ({ hapgArn: HapgArn ?? null }),
});

/** Shows a group; it is DEGRADED while a partition of it is gone. */
export const describeHapg = operation("DescribeHapg", {
  resolve: (input: Checked<DescribeHapgRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { HapgArn }, call): DescribeHapgResponse {
    const { id, label, serial, partitions, modifiedAtMs } = findHapg(HapgArn, call);
    const there = everyPartition(call);
    return {
      HapgArn: arnOf(call, id),
      HapgSerial: serial,
      HsmsLastActionFailed: [],
      HsmsPendingDeletion: [],
      HsmsPendingRegistration: [],
      Label: label,
      LastModifiedTimestamp: String(modifiedAtMs),
      PartitionSerialList: [...partitions],
      State: partitions.every((number) => there.has(number)) ? "READY" : "DEGRADED",
    };
  },
});

export const listHapgs = operation("ListHapgs", {
  resolve: (input: Checked<ListHapgsRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { NextToken }, call): ListHapgsResponse {
    const ids = [...hapgTable(call).range()].map(({ value }) => value.id);
    const { arns, ...next } = pageOf(ids, NextToken, call);
    return { HapgList: arns, ...next };
  },
});

/** Changes the label of a group, or which partitions are in it. */
export const modifyHapg = operation("ModifyHapg", {
  resolve: (input: Checked<ModifyHapgRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(
    _account,
    { HapgArn, Label, PartitionSerialList },
    call,
  ): Promise<ModifyHapgResponse> {
    const there = everyPartition(call);
    const unknown = PartitionSerialList?.find((number) => !there.has(number));
    if (unknown !== undefined) {
      throw invalid(`No HSM of account ${call.account} has a partition ${unknown}.`);
    }
    const partitions = PartitionSerialList && [...new Set(PartitionSerialList)];
    if (partitions && partitions.length > partitionsMax) {
      throw invalid(`A group has at most ${partitionsMax} partitions.`);
    }
    await call.parts.store.transaction(() => {
      const now = findHapg(HapgArn, call);
      hapgTable(call).put([now.id], {
        ...now,
        modifiedAtMs: call.timeMs,
        ...(Label !== undefined && { label: Label }),
        ...(partitions && { partitions }),
      });
    });
    return { HapgArn };
  },
});

export const deleteHapg = operation("DeleteHapg", {
  resolve: (input: Checked<DeleteHapgRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { HapgArn }, call): Promise<DeleteHapgResponse> {
    const table = hapgTable(call);
    await call.parts.store.transaction(() => table.remove([findHapg(HapgArn, call).id]));
    return { Status: "SUCCESS" };
  },
});
