import type { HsmParts } from "../../src/hsm/cluster.ts";
import { acme, clusterId, openHsms, soPin } from "./hsm.ts";

/*
 * Sets up or zeroizes a partition and kills itself at one step: `node hsm-child.js DIRECTORY setup|zeroize STEP`.
 * Steps are before and after everything that reaches the disk. Ends by itself, and says `done`, when there are fewer.
 */
const [directory = "", what = "", step = "0"] = process.argv.slice(2);
let left = Number(step);
let armed = false;

function maybeDie(): void {
  if (!armed) return;
  if (left === 0) process.kill(process.pid, "SIGKILL");
  left -= 1;
}

/** Dies before or after each call of these methods. */
function dying<Part extends object>(part: Part, methods: readonly string[]): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (!methods.includes(String(name))) return value.bind(target);
      return (...given: unknown[]) => {
        maybeDie();
        const answer: unknown = value.apply(target, given);
        if (!(answer instanceof Promise)) {
          maybeDie();
          return answer;
        }
        return answer.then((settled: unknown) => {
          maybeDie();
          return settled;
        });
      };
    },
  });
}

const { cluster } = await openHsms(directory, (parts: HsmParts) => ({
  ...parts,
  store: dying(parts.store, ["transaction"]),
  vault: dying(parts.vault, ["make", "destroy"]),
  trail: dying(parts.trail, ["record"]),
}));
const token = cluster().connect("child");
armed = true;
if (what === "setup") await token.initToken(1, soPin, "made by the child");
else if (what === "zeroize") await cluster().zeroize("its owner asked for it");
else throw new Error(`of ${acme} ${clusterId}: no such work`);
process.stdout.write("done\n");
process.exit(0);
