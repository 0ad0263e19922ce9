import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/*
 * V8 counts buffers with its heap, but frees them with other young objects, and a stream makes few of those: it marked
 * the whole heap for every 10 to 30 MB of buffers, with threads that wait for each other. That was half of what streams
 * cost. So what is young is collected for every few MB that pass, and a heap may become three times what is alive in it.
 */
setFlagsFromString("--expose-gc");
setFlagsFromString("--heap-growing-percent=200");
const collect: (what: { readonly type: "minor" }) => void = runInNewContext("gc");

const collectedBytes = 2 * 1024 * 1024;
let passed = 0;

/** Notes bytes of a stream that have come or go in buffers of their own, which soon nobody needs. */
export function notePassed(bytes: number): void {
  passed += bytes;
  if (passed < collectedBytes) return;
  passed = 0;
  collect({ type: "minor" });
}
