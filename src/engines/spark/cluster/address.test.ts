import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterLocation, readClusterAddress } from "./address.ts";

test("a cluster is named as Spark's clients name it, without a token", () => {
  const plain = { host: "spark.example", port: 15_002, tls: false };
  assert.deepEqual(readClusterAddress("sc://spark.example"), plain);
  const all = readClusterAddress("sc://[::1]:7000/;use_ssl=true");
  assert.deepEqual(all, { host: "::1", port: 7000, tls: true });
  assert.equal(all && clusterLocation(all), "sc://[::1]:7000");
  const wrong = ["spark://h:7077", "sc://", "sc://h:0", "sc://h:70000", "sc://h/path"];
  for (const text of [...wrong, "sc://h/;use_ssl=yes", "sc://h/;user_id=x", "sc://h/;token=a"]) {
    assert.equal(readClusterAddress(text), undefined, text);
  }
});
