import assert from "node:assert/strict";
import { test } from "node:test";
import { java } from "../support/java.ts";
import { startWorld } from "../support/warehouse.ts";

test("MaxCompute's SDK for Java runs SQL and functions, uses the tunnel and sets protection", async (t) => {
  const { running, root, account } = await startWorld(t, "sales");
  const statement = {
    ...{ Effect: "Allow", Principal: "*", Action: ["odps:Select"] },
    Resource: "acs:odps:*:projects/sales/tables/t",
  };
  const policy = JSON.stringify({ Version: "1", Statement: [statement] });
  const source = "test/support/java/Warehouse.java";
  const out = (await java("warehouse-java", running, root, source, policy)) as {
    readonly [step: string]: unknown;
  };
  const owner = `ALIYUN$${account}`;
  assert.deepEqual(
    [out["owner"], out["made"], out["csv"], out["rows"], out["listed"], out["uploaded"]],
    [owner, 3, "2 x", 4, 1, 10],
  );
  const sum = `60000 ${3 * (199_990_000 + 20_000 * 4 + 10 * 20 + 90 * 20 * 2 + 900 * 20 * 3)}`;
  assert.deepEqual(out["compressed"], [sum, sum, sum]);
  assert.equal(out["function"], "42 true false false");
  assert.equal(out["property"], "1970-01-01 00:00:00");
  assert.match(String(out["error"]), /ODPS-0130071:\[1,8\].*column nothing cannot be resolved/);
  assert.equal((JSON.parse(String(out["whoami"])) as { DisplayName: string }).DisplayName, owner);
  assert.equal(out["users"], 1);
  assert.equal(out["protected"], `true ${policy}`);
  assert.equal(out["excepted"], 10);
  assert.match(String(out["refused"]), /project 'sales' is protected/);
});

test("MaxCompute's driver for JDBC connects, queries and lists tables", async (t) => {
  const { running, root } = await startWorld(t, "sales");
  const source = "test/support/java/WarehouseJdbc.java";
  const out = await java("warehouse-jdbc", running, root, source);
  assert.deepEqual(out, ["written 2", "1x", "2y", "table t", "column a", "column b", "refused"]);
});
