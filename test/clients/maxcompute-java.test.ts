import assert from "node:assert/strict";
import { ServerResponse } from "node:http";
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
  const answered = t.mock.method(ServerResponse.prototype, "writeHead");
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
  // The SDK opens what it reads as the answer's head says: it would take plain rows as well.
  const compressed = ["deflate", "x-lz4-frame", "x-snappy-framed"];
  assert.deepEqual(encodings(answered.mock.calls), { sent: compressed, got: compressed });
  assert.equal(out["function"], "42 true true false false");
  assert.equal(out["property"], "1970-01-01 00:00:00");
  assert.match(String(out["cost"]), /"Cost":{"SQL":{"Complexity":1,"Input":[1-9]\d*,"UDF":0}}/);
  assert.match(String(out["error"]), /ODPS-0130071:\[1,8\].*column nothing cannot be resolved/);
  assert.equal((JSON.parse(String(out["whoami"])) as { DisplayName: string }).DisplayName, owner);
  assert.equal(out["users"], 1);
  assert.equal(out["protected"], `true ${policy}`);
  assert.equal(out["excepted"], 10);
  assert.match(String(out["refused"]), /project 'sales' is protected/);
});

/** How rows of the table `packed` went up and down, in their order. */
function encodings(
  answers: readonly { readonly this: unknown; readonly arguments: readonly unknown[] }[],
) {
  const sent: unknown[] = [];
  const got: unknown[] = [];
  for (const {
    this: response,
    arguments: [, head],
  } of answers) {
    assert.ok(response instanceof ServerResponse);
    const { method, url = "", headers } = response.req;
    if (!url.includes("/tables/packed?")) continue;
    if (method === "PUT") sent.push(headers["content-encoding"]);
    if (method === "GET" && url.includes("rowrange=")) got.push(headerIn(head, "content-encoding"));
  }
  return { sent, got };
}

/** Of a head as the server writes it: names and values by turns. */
function headerIn(head: unknown, name: string): unknown {
  const list = Array.isArray(head) ? head : [];
  const at = list.findIndex((one) => String(one).toLowerCase() === name);
  return at < 0 ? undefined : list[at + 1];
}

test("MaxCompute's driver for JDBC connects, queries, lists tables, and shows statistics", async (t) => {
  const { running, root } = await startWorld(t, "sales");
  const source = "test/support/java/WarehouseJdbc.java";
  const out = await java("warehouse-jdbc", running, root, source);
  const seen = ["written 2", "1x", "2y", "table t", "column a", "column b"];
  assert.deepEqual(out, [...seen, "view 2", "a:MaxValue: 2", "refused"]);
});
