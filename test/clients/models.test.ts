import assert from "node:assert/strict";
import { test } from "node:test";
import type { StructureShape } from "../../src/wire/model.ts";
import { findModel, serviceNames } from "../../src/wire/models.ts";
import { sdkClients } from "../support/sdk.ts";

/** What the SDK's schemas hold of an operation: kind 9, namespace, name, traits, input, output. */
type Schema = readonly [9, string, string, unknown, () => unknown, () => unknown];

function operationsOf(client: object): readonly Schema[] {
  return Object.values(client).filter(
    (value): value is Schema => Array.isArray(value) && value[0] === 9,
  );
}

/** Names of a structure's members; the SDK has none where there is no structure. */
function membersOf(schema: unknown): readonly string[] {
  const [, , , , members] = Array.isArray(schema) ? (schema as readonly unknown[]) : [];
  return Array.isArray(members) ? (members as readonly string[]) : [];
}

/** Members that the SDK adds, or spells for itself. */
const ownOfSdk = new Set(["ExpiresString"]);

function checkMembers(where: string, schema: unknown, shape: StructureShape): void {
  const ours = new Set(shape.members.map(({ name }) => name));
  const missing = membersOf(schema).filter((name) => !ours.has(name) && !ownOfSdk.has(name));
  assert.deepEqual(missing, [], `members of ${where} that only the SDK knows`);
}

test("each service with a model has a client to compare it with", () => {
  assert.deepEqual(Object.keys(sdkClients).sort(), [...serviceNames].sort());
});

/** Clients that were made before the SDK had schemas: what they know is the names of operations. */
const withoutSchemas = ["cloudhsm", "cloudhsmv2"];

for (const service of withoutSchemas) {
  test(`the SDK knows no operation of ${service} that we do not`, () => {
    const model = findModel(service);
    const names = Object.keys(sdkClients[service] ?? {}).flatMap(
      (name) => /^(?!\$)(\w+)Command$/.exec(name)?.[1] ?? [],
    );
    assert.ok(model && names.length > 10);
    for (const name of names) assert.ok(model.findOperation(name), `${name} is only in the SDK`);
  });
}

for (const [service, client] of Object.entries(sdkClients)) {
  if (withoutSchemas.includes(service)) continue;
  test(`the SDK's model of ${service} and ours agree`, () => {
    const model = findModel(service);
    const operations = operationsOf(client);
    assert.ok(model && operations.length > 0);
    for (const [, , name, , input, output] of operations) {
      const operation = model.findOperation(name);
      assert.ok(operation, `${service}:${name} is only in the SDK`);
      checkMembers(`${name}'s input`, input(), operation.input);
      checkMembers(`${name}'s output`, output(), operation.output);
    }
  });
}
