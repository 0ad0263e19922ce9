import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { odpsOperations } from "../src/wire/odps/routes.ts";
import { type WarehouseClient, warehouseCalls, warehouseClients } from "./warehouse-calls.ts";

/** One operation of MaxCompute's protocol, and by client the tests in which it is called. */
export interface CoveredInWarehouse {
  readonly operation: string;
  readonly tests: ReadonlyMap<WarehouseClient, readonly string[]>;
}

const folder = join("test", "clients");
const programs = join("test", "support", "java");

/** What a client test has for each client: its own text for PyODPS, the programs that it names for the others. */
function textsOf(test: string): Readonly<Record<WarehouseClient, string>> {
  const named = [...test.matchAll(/support\/java\/(Warehouse\w*\.java)/g)].map(
    ([, name = ""]) => name,
  );
  const read = (jdbc: boolean) =>
    named
      .filter((name) => name.includes("Jdbc") === jdbc)
      .map((name) => readFileSync(join(programs, name), "utf8"))
      .join("\n");
  // What is only tried, to be refused, proves no answer.
  const answered = test.replaceAll(/\brefused\(lambda:[^\n]*/g, "");
  return {
    PyODPS: /startWorld\w*\(/.test(test) ? answered : "",
    Java: read(false),
    JDBC: read(true),
  };
}

/** Every operation that has a path, with the tests that prove it. */
export function warehouseCoverage(): readonly CoveredInWarehouse[] {
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .sort()
    .map((file) => ({ file, texts: textsOf(readFileSync(join(folder, file), "utf8")) }));
  return [...odpsOperations].sort().map((operation) => ({
    operation,
    tests: new Map(
      warehouseClients.map((client) => {
        const call = warehouseCalls[operation]?.[client];
        const proofs = sources.filter(({ texts }) => call?.test(texts[client]));
        return [client, proofs.map(({ file }) => file)];
      }),
    ),
  }));
}
