import { readFile } from "node:fs/promises";
import { openKeyToken } from "../../hsm/token-source.ts";
import type { RootOptions } from "../../keys/root-of-trust.ts";
import { TokenFailure } from "../../keys/token.ts";
import { systemRandom } from "../../lib/random.ts";
import { type Module, startModule } from "./module.ts";

const callMs = 30_000;

/**
 * Logs in at a token of a PKCS#11 module, which runs in a process of its own. Of the environment the module sees `env`,
 * which holds nothing of ours.
 */
export const openToken =
  (env: Readonly<Record<string, string>>): NonNullable<RootOptions["openToken"]> =>
  async ({ module: modulePath, token, pinFile }) => {
    const pin = (await readFile(pinFile, "utf8")).trimEnd();
    const module: Module = startModule({ modulePath, env, p11Kit: "p11-kit", timeoutMs: callMs });
    try {
      const opened = await openKeyToken(
        () => module.connect(),
        { label: token },
        pin,
        systemRandom,
      );
      return {
        ...opened,
        async close() {
          await opened.close();
          await module.close();
        },
      };
    } catch (error) {
      await module.close();
      if (error instanceof TokenFailure) throw error;
      throw new TokenFailure("NETWORK_ERRORS", String(error));
    }
  };
