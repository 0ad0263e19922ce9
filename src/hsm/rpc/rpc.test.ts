import assert from "node:assert/strict";
import { Duplex, PassThrough } from "node:stream";
import { test } from "node:test";
import { fakeCryptoki } from "../../../test/support/fake-cryptoki.ts";
import { greeting, mechanisms, samples, spoil } from "../../../test/support/hostile-rpc.ts";
import { createDice } from "../../../test/support/mutate.ts";
import { CKA, CKM, CKR } from "../constants.ts";
import { type Cryptoki, CryptokiError } from "../cryptoki.ts";
import { Malformed, Reader, Writer } from "./bytes.ts";
import { callNamed } from "./calls.ts";
import { ConnectionEnded, connectInProcess, connectRpc, type RpcClient } from "./client.ts";
import { FrameReader, frameHead } from "./frames.ts";
import { readMechanism, writeMechanism } from "./mechanisms.ts";
import { readHead, readValues } from "./messages.ts";
import { openCryptoki } from "./remote-cryptoki.ts";
import { createRpcHandler, serveRpc } from "./server.ts";

const silent = () => undefined;
const refused = (code: number) => (error: unknown) =>
  error instanceof CryptokiError && error.code === code;

async function connected(hsm: Partial<Cryptoki>): Promise<RpcClient> {
  const client = connectInProcess(fakeCryptoki(hsm), silent);
  await client.call("C_Initialize", greeting, 0, Buffer.alloc(1));
  return client;
}

test("calls have the numbers of p11-kit", () => {
  const numbers = [
    ["C_Initialize", 1],
    ["C_GetAttributeValue", 24],
    ["C_GenerateRandom", 64],
    ["C_WaitForSlotEvent", 65],
    ["C_LoginUser", 66],
    ["C_InitToken2", 88],
    ["C_DeriveKey2", 89],
  ] as const;
  for (const [name, id] of numbers) assert.equal(callNamed(name).id, id, name);
});

test("mechanisms are read as they were written, in each version of the protocol", () => {
  for (const version of [1, 2]) {
    for (const mechanism of mechanisms) {
      const writer = new Writer();
      writeMechanism(writer, mechanism, version);
      const reader = new Reader(writer.finish());
      assert.deepEqual(readMechanism(reader, version), mechanism);
      assert.equal(reader.left, 0);
    }
  }
});

test("what p11-kit 0.24 would pass on as garbage is not sent to it", () => {
  for (const { type, parameter } of mechanisms) {
    const passes = !parameter || ["iv", "pss", "oaep"].includes(parameter.kind);
    const write = () => writeMechanism(new Writer(), { type, ...(parameter && { parameter }) }, 0);
    if (passes) write();
    else assert.throws(write, refused(CKR.MECHANISM_INVALID));
  }
});

test("an answer is held until there is room for it, and the work is done once", async () => {
  let done = 0;
  const begun: unknown[] = [];
  const client = await connected({
    begin: (...words) => void begun.push(words),
    once(_session, _work, data) {
      done += 1;
      return Buffer.concat([Buffer.from("signed "), data]);
    },
  });
  const sign = (data: string, room: number) =>
    client.call("C_Sign", 1, Buffer.from(data), room).then(([answer]) => answer.toString());
  await client.call("C_SignInit", 1, { type: CKM.SHA256_HMAC }, 7);
  assert.equal(await sign("data", 0), "11");
  assert.equal(await sign("data", 10), "11");
  assert.equal(await sign("data", 11), "signed data");
  assert.deepEqual([done, begun.length], [1, 1]);

  await client.call("C_SignInit", 1, { type: CKM.SHA256_HMAC }, 7);
  assert.equal(await sign("data", 0), "11");
  assert.equal(await sign("other data", 100), "signed other data", "not the answer to other data");
  assert.deepEqual([done, begun.length], [3, 3]);
});

test("lists and attributes tell their lengths", async () => {
  const client = await connected({
    slots: () => [3, 4, 5],
    attributes: (_session, _object, types) =>
      types.map((type) => (type === CKA.VALUE ? "sensitive" : Buffer.from("label"))),
  });
  assert.deepEqual(await client.call("C_GetSlotList", 1, 0), [3]);
  assert.deepEqual(await client.call("C_GetSlotList", 1, 2), [3]);
  assert.deepEqual(await client.call("C_GetSlotList", 1, 3), [[3, 4, 5]]);

  const rooms = (...sizes: number[]) => sizes.map((room) => ({ type: CKA.LABEL as number, room }));
  const ask = (asked: ReturnType<typeof rooms>) => client.call("C_GetAttributeValue", 1, 1, asked);
  assert.deepEqual(await ask(rooms(5)), [
    [{ type: CKA.LABEL, value: Buffer.from("label") }],
    CKR.OK,
  ]);
  assert.deepEqual(await ask(rooms(0)), [[{ type: CKA.LABEL, value: { length: 5 } }], CKR.OK]);
  assert.deepEqual(await ask(rooms(4)), [
    [{ type: CKA.LABEL, value: undefined }],
    CKR.BUFFER_TOO_SMALL,
  ]);
  const [, code] = await ask([{ type: CKA.VALUE, room: 32 }]);
  assert.equal(code, CKR.ATTRIBUTE_SENSITIVE);
});

test("a short question does not get a long answer", async () => {
  const attributes = () => assert.fail("nothing is looked up");
  const client = await connected({ attributes });
  const rooms = Array.from({ length: 257 }, () => ({ type: CKA.MODULUS, room: 4096 }));
  const asking = client.call("C_GetAttributeValue", 1, 1, rooms);
  await assert.rejects(asking, refused(CKR.ARGUMENTS_BAD));
});

test("nothing is done before C_Initialize nor after C_Finalize, and not for another protocol", async () => {
  const client = connectInProcess(fakeCryptoki({ slots: () => [1] }), silent);
  await assert.rejects(client.call("C_GetSlotList", 1, 9), refused(CKR.CRYPTOKI_NOT_INITIALIZED));
  const other = client.call("C_Initialize", Buffer.from("HELLO"), 0, Buffer.alloc(1));
  await assert.rejects(other, refused(CKR.GENERAL_ERROR));
  await client.call("C_Initialize", greeting, 0, Buffer.alloc(1));
  assert.deepEqual(await client.call("C_GetSlotList", 1, 9), [[1]]);
  await client.call("C_Finalize");
  await assert.rejects(client.call("C_GetSlotList", 1, 9), refused(CKR.CRYPTOKI_NOT_INITIALIZED));
});

test("a fault of ours is CKR_GENERAL_ERROR outside and a line in the log", async () => {
  const lines: string[] = [];
  const hsm = fakeCryptoki({
    slots() {
      throw new TypeError("the inner cause");
    },
    generateKey: () => Promise.reject(new TypeError("a later cause")),
  });
  const client = connectInProcess(hsm, (line) => lines.push(line));
  await client.call("C_Initialize", greeting, 0, Buffer.alloc(1));
  await assert.rejects(client.call("C_GetSlotList", 1, 9), refused(CKR.GENERAL_ERROR));
  const making = client.call("C_GenerateKey", 1, { type: CKM.AES_KEY_GEN }, []);
  await assert.rejects(making, refused(CKR.GENERAL_ERROR));
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /the inner cause/);
  assert.match(lines[1] ?? "", /a later cause/);
  await assert.rejects(client.call("C_Logout", 1), refused(CKR.FUNCTION_NOT_SUPPORTED));
  const unbuilt = client.call("C_WaitForSlotEvent", 1);
  await assert.rejects(unbuilt, refused(CKR.FUNCTION_NOT_SUPPORTED));
});

test("hostile messages are answered or end the connection: nothing else", async () => {
  const dice = createDice(11);
  const log: string[] = [];
  const hsm = fakeCryptoki({
    attributes: (_s, _o, types) => types.map(() => undefined),
    random: (_session, bytes) => Buffer.alloc(bytes),
    initToken: () => Promise.resolve(),
  });
  let [answered, ended] = [0, 0];
  for (const version of [0, 1, 2]) {
    const handler = createRpcHandler(hsm, (line) => log.push(line));
    const messages = samples(version, mechanisms[5]);
    await handler.answer(messages[0] ?? Buffer.alloc(0), version);
    for (let turn = 0; turn < 20_000; turn += 1) {
      try {
        const answer = await handler.answer(spoil(dice.pick(messages), dice), version);
        const reader = new Reader(answer);
        const call = readHead(reader, "response");
        readValues(call?.response ?? [], reader, version);
        answered += 1;
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
        ended += 1;
      }
    }
  }
  assert.ok(answered > 1000 && ended > 1000, `${answered} answered, ${ended} ended`);
  assert.deepEqual(log, []);
});

test("a frame beyond the limits is refused by its head, and pieces of any size make frames", () => {
  assert.throws(() => new FrameReader().push(frameHead(1, 0x7fffffff)), Malformed);
  const body = Buffer.from("a body");
  const bytes = Buffer.concat([frameHead(5, body.length), body, frameHead(6, 0)]);
  const frames = new FrameReader();
  const found = [...bytes].flatMap((byte) => frames.push(Buffer.of(byte)));
  assert.deepEqual(
    found.map((frame) => [frame.code, frame.body.toString()]),
    [
      [5, "a body"],
      [6, ""],
    ],
  );
});

/** Two ends of one stream. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [
    Duplex.from({ readable: back, writable: there }),
    Duplex.from({ readable: there, writable: back }),
  ];
}

test("the same calls over a stream, and the end of it", async () => {
  let finalized = 0;
  const hsm = fakeCryptoki({
    random: (_session, bytes) => Buffer.alloc(bytes, 1),
    finalize() {
      finalized += 1;
    },
  });
  const [near, far] = pair();
  const served = serveRpc(hsm, far, silent);
  const client = await connectRpc(near, { timeoutMs: 10_000, why: () => " (why)" });
  const remote = await openCryptoki(client);
  const drawn = await Promise.all([1, 2, 3].map((bytes) => remote.random(1, bytes)));
  assert.deepEqual(
    drawn.map(({ length }) => length),
    [1, 2, 3],
  );
  far.destroy();
  await served;
  assert.equal(finalized, 1);
  await assert.rejects(remote.random(1, 1), ConnectionEnded);
});

test("what is no answer ends the client's connection", async () => {
  const [near, far] = pair();
  far.on("error", silent);
  far.on("data", () => far.write(Buffer.alloc(64, 0xff)));
  const connecting = connectRpc(near, { timeoutMs: 10_000, why: () => "" });
  await assert.rejects(
    connecting.then((client) => openCryptoki(client)),
    ConnectionEnded,
  );
});
