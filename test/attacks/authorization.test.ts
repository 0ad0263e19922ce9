import assert from "node:assert/strict";
import { test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { callAll, everyCall, readAll } from "../support/every-call.ts";
import { serialize } from "../support/sdk.ts";
import { makeWorld, type World } from "../support/world.ts";

/** Invariant: no operation runs before `authorize`. */

/** Everybody may, whatever policies say; so AWS documents it. */
const open = new Set(["sts:GetCallerIdentity", "sts:GetSessionToken"]);

/** Answers 200 whatever happens; each key in it is judged, and refused, by itself. */
const judgesEach = "s3:DeleteObjects";

test("who has no policy can do nothing to anything, and each attempt is in the trail", async (t) => {
  const running = await startBondstore(t);
  const world = await makeWorld(running, "acme");
  const before = await readAll(running, world);
  const { trail } = running.bondstore.opened;
  const wrong: string[] = [];
  const ended = await callAll(running, world.nobody, world);
  for (const [name, { code, status, requestId, output }] of ended) {
    if (open.has(name)) {
      assert.equal(code, undefined, name);
      continue;
    }
    const attribute = { key: "RequestId", value: requestId } as const;
    const found = await trail.find({ account: world.tenant.account, attribute, limit: 2 });
    if (name === judgesEach) {
      assert.match(JSON.stringify(output["Errors"]), /"AccessDenied"/);
      continue;
    }
    // HEAD has no body: its code is only in the trail.
    const said = code === "Unknown" && status === 403 ? "AccessDenied" : code;
    if (!/^AccessDenied(Exception)?$/.test(said ?? "success")) wrong.push(`${name}: ${said}`);
    const recorded = found.map(({ event }) => [event.errorCode, event.eventName]);
    assert.deepEqual(recorded, [[said, name.split(":")[1]]], `${name} in the trail`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(ended.length > 150, "an empty list must not pass");
  assert.deepEqual(await readAll(running, world), before, "nothing changed");
  assert.deepEqual(running.logged, []);
});

/** Values that are no names: another one would be no value. */
const unchanged =
  /^(KMS|AES|RSA|KEY_|Inactive|v1$|TRIM|FLINK|PRODUCTION|hsm[12]|5\.3$|us-east|eu-west|\{|alias)/;

/** The same names, none of which exists; but for buckets, whose names all accounts share, as at AWS. */
function absent(world: World): Pick<World, "known"> {
  const renamed = (value: unknown): unknown =>
    typeof value === "string" && !unchanged.test(value)
      ? value.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (last) => (last === "7" ? "6" : "7"))
      : value;
  const known = Object.entries(world.known).map(([service, members]) => [
    service,
    Object.fromEntries(
      Object.entries(members).map(([name, value]) => [
        name,
        name.endsWith("Bucket") ? value : renamed(value),
      ]),
    ),
  ]);
  return { known: Object.fromEntries(known) };
}

test("who has no policy cannot tell what exists from what does not", async (t) => {
  const running = await startBondstore(t);
  const world = await makeWorld(running, "acme");
  const told: string[] = [];
  for (const [name, { code, status, output }] of await callAll(
    running,
    world.nobody,
    absent(world),
  )) {
    const denied = /^AccessDenied/.test(code ?? "") || (code === "Unknown" && status === 403);
    if (denied || open.has(name)) continue;
    if (name === judgesEach) assert.match(JSON.stringify(output["Errors"]), /"AccessDenied"/);
    else told.push(`${name}: ${code}`);
  }
  // An iterator that nobody made names no stream.
  assert.deepEqual(told, ["kinesis:GetRecords: InvalidArgumentException"]);
});

test("nothing answers to a request that nobody signed", async (t) => {
  const running = await startBondstore(t);
  const world = await makeWorld(running, "acme");
  for (const { service, name, input } of everyCall(world)) {
    const { method, path, query, headers, body } = await serialize(service, name, input);
    const { authorization: _, ...unsigned } = headers;
    const pairs = Object.entries(query).flatMap(([key, values]) =>
      [values ?? ""].flat().map((value): [string, string] => [key, value]),
    );
    const search = pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
    const answer = await fetch(`${running.endpoint}${path}${search}`, {
      method,
      headers: Object.fromEntries(Object.entries(unsigned).filter(([key]) => key !== "host")),
      ...(method !== "GET" && method !== "HEAD" && { body }),
    });
    const text = await answer.text();
    const label = `${service}:${name}: ${answer.status} ${text}`;
    if (`${service}:${name}` === judgesEach) {
      assert.match(text, /AccessDenied|MissingAuthenticationToken/, label);
      continue;
    }
    assert.ok(answer.status === 403 || answer.status === 400, label);
    if (method !== "HEAD") assert.match(text, /AccessDenied|MissingAuthenticationToken/, label);
  }
});
