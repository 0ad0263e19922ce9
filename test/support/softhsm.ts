import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findProgram } from "./programs.ts";

/** A PKCS#11 module that is not ours, with one token set up. */
export interface SoftHsm {
  readonly modulePath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly p11Kit: string;
  readonly label: string;
  readonly pin: string;
}

const modules = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];

/** Makes a token of SoftHSM 2 in a directory of its own, which is gone after the test. */
export function makeSoftHsm(t: Pick<TestContext, "after">): SoftHsm {
  const home = mkdtempSync(join(tmpdir(), "bondstore-softhsm-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const [label, pin] = ["bondstore-test", "a pin of 1234"];
  const modulePath = modules.find((path) => existsSync(path));
  if (modulePath === undefined)
    throw new Error("SoftHSM 2 is missing: run `npm run setup -- --tests`");
  mkdirSync(join(home, "tokens"));
  const config = join(home, "softhsm2.conf");
  writeFileSync(config, `directories.tokendir = ${home}/tokens\nlog.level = ERROR\n`);
  const env = { SOFTHSM2_CONF: config };
  const words = ["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin];
  execFileSync(findProgram("softhsm2-util"), words, { env, stdio: "pipe" });
  return { modulePath, env, p11Kit: findProgram("p11-kit"), label, pin };
}
