import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { scanFor } from "./scan.ts";

const marker = "bonded-goods-01352505";

test("a marker is found wherever and however it lies", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bondstore-scan-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "deep"));
  const path = join(folder, "deep", "file");
  const mebi = 1 << 20;
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const cases: readonly (readonly [title: string, content: string | Buffer, found: number])[] = [
    ["nothing", Buffer.alloc(2 * mebi, "x"), 0],
    ["in the midst", `x${marker}y`, 1],
    ["across two pieces that are read", `${"x".repeat(mebi - 5)}${marker}`, 1],
    ["in hexadecimal", Buffer.from(`x${marker}`).toString("hex"), 1],
    ["in base64", base64(`${marker}-order`), 1],
    ["in base64, one byte later", base64(`x${marker}-order`), 1],
    ["in base64, two bytes later", base64(`xy${marker}-order`), 1],
    ["only a part of it", marker.slice(0, -1), 0],
  ];
  for (const [title, content, found] of cases) {
    writeFileSync(path, content);
    const scan = await scanFor(folder, marker);
    assert.equal(scan.found.length, found, title);
    assert.equal(scan.files, 1, title);
  }
});
