import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { coverage, coveragePage } from "../scripts/coverage.ts";
import { warehouseClients } from "../scripts/warehouse-calls.ts";
import { warehouseCoverage } from "../scripts/warehouse-coverage.ts";

test("every operation that is built is called by a real client", () => {
  const built = coverage().filter((row) => row.built);
  assert.ok(built.length > 150, "an empty check must not pass");
  const unproved = built
    .filter(({ tests }) => [...tests.values()].every((files) => files.length === 0))
    .map(({ service, operation }) => `${service}:${operation}`);
  assert.deepEqual(unproved, []);
});

test("each service is called by the JavaScript SDK, by boto3 and by the AWS CLI", () => {
  const rows = coverage();
  const lacking: string[] = [];
  for (const service of new Set(rows.map((row) => row.service))) {
    for (const client of ["JavaScript", "boto3", "AWS CLI"] as const) {
      const called = rows.some(
        (row) => row.service === service && (row.tests.get(client) ?? []).length > 0,
      );
      if (!called) lacking.push(`${service} by ${client}`);
    }
  }
  assert.deepEqual(lacking, []);
});

test("every operation of the warehouse is called by a real client, and each client calls some", () => {
  const rows = warehouseCoverage();
  assert.ok(rows.length > 70, "an empty check must not pass");
  const unproved = rows.filter(({ tests }) =>
    [...tests.values()].every(({ length }) => length === 0),
  );
  assert.deepEqual(
    unproved.map(({ operation }) => operation),
    [],
  );
  for (const client of warehouseClients)
    assert.ok(rows.filter(({ tests }) => tests.get(client)?.length).length > 10, client);
});

test("docs/coverage.md is what `npm run generate` makes", () => {
  assert.equal(readFileSync("docs/coverage.md", "utf8"), coveragePage());
});
