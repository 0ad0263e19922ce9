import { openHsmSocket } from "../src/hsm-doors.ts";
import { assert } from "../src/lib/assert.ts";
import { acme, clusterId, openHsms, setUp } from "../test/support/hsm.ts";

// Bondstore's HSMs alone, on the socket that the command line names, in the directory that it names.
const [directory, path] = process.argv.slice(2);
assert(directory !== undefined && path !== undefined, "the directory and the socket are given");
const bench = await openHsms(directory);
await bench.hsms.create(acme, clusterId);
await setUp(bench.cluster());
await openHsmSocket({
  connect: (peer) => bench.cluster().connect(peer),
  path,
  log: (line) => console.error(line),
});
console.log("ready");
