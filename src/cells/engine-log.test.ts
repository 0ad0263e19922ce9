import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { createEngineLog } from "./engine-log.ts";

test("an engine that writes without end is read in turns, and other work goes on between them", async (t) => {
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536, "line\n"));
    },
  });
  t.after(() => endless.destroy());
  const log = createEngineLog(() => {});
  log.follow(endless);
  while (!endless.isPaused()) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(log.lines.length > 0 && log.lines.length <= 2500);
});
