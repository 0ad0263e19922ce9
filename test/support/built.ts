import type { HsmControl } from "../../src/hsm/control/open-control.ts";
import { services } from "../../src/services/index.ts";
import { ApplicationLogs } from "../../src/services/kinesisanalyticsv2/application-logs.ts";
import { findModel } from "../../src/wire/models.ts";

/** A service and the operations that are built and reachable from outside. */
export interface Built {
  readonly service: string;
  readonly operations: readonly string[];
}

const unused = (): never => {
  throw new Error("only the list of operations is read");
};

/**
 * What is built of every service that AWS's models tell of, as the program itself lists it. MaxCompute has no model: its
 * own tests try its operations.
 */
export function builtOperations(): readonly Built[] {
  const outside = {
    shardLimits: "enforce",
    engines: {
      runDirectory: "",
      volumeDirectory: "",
      flinkHome: unused,
      javaHome: unused,
      classesFile: unused,
      unconfined: "refuse",
      openDoor: unused,
      openWarehouseDoor: unused,
      spark: unused,
      javaFunctions: unused,
      frontDoor: unused,
      log: unused,
      logs: new ApplicationLogs({ now: unused }, unused),
    },
    hsms: {} as HsmControl,
  } as const;
  const modelled = services(outside).filter(({ name }) => findModel(name) !== undefined);
  return modelled.map(({ name, operations }) => ({
    service: name,
    operations: operations
      .filter(({ parts }) => parts.internal === undefined)
      .map((operation) => operation.name)
      .sort(),
  }));
}
