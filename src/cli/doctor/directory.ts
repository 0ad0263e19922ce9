import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { open, statfs, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readHeads } from "../../audit/head.ts";
import { trailPaths } from "../../audit/paths.ts";
import { openToken } from "../../engines/pkcs11/open-token.ts";
import { openRoot, RootLocked } from "../../keys/root-of-trust.ts";
import { whyNotOurs } from "../data-directory.ts";
import { type Check, fail, ok, type Patient, warn } from "./check.ts";

const entriesMax = 10_000;

/** Owner and modes: the directory holds what unlocks everything. */
export function checkDirectory({ config }: Patient): Check[] {
  const { data } = config;
  const name = "data directory";
  if (!existsSync(data)) return [ok(name, `${data} will be made by \`bondstore up\``)];
  const notOurs = whyNotOurs(data, config.root.kind === "key-file" ? config.root.path : undefined);
  // Advice to change modes and owners would be about somebody else's files.
  if (notOurs !== undefined) return [fail(name, notOurs, "give a new or an empty --data")];
  const { mode, uid } = statSync(data);
  const own = process.getuid?.() ?? uid;
  const checks: Check[] = [];
  if (uid !== own) {
    checks.push(
      fail(name, `${data} belongs to user ${uid}, not to ${own}`, `sudo chown -R ${own} ${data}`),
    );
  }
  if ((mode & 0o077) !== 0) {
    checks.push(fail(name, `${data} is open to others`, `chmod 700 ${data}`));
  }
  const secret = ["root.secret", "root.key", "admin.sock"].map((each) => join(data, each));
  for (const file of [...secret, config.vault]) {
    if (!existsSync(file) || (statSync(file).mode & 0o077) === 0) continue;
    checks.push(fail(name, `${file} is open to others`, `chmod 600 ${file}`));
  }
  const foreign = readdirSync(data, { recursive: true, withFileTypes: true })
    .slice(0, entriesMax)
    .map((entry) => join(entry.parentPath, entry.name))
    .find((path) => statSync(path, { throwIfNoEntry: false })?.uid !== uid);
  if (foreign !== undefined && existsSync(foreign)) {
    checks.push(fail(name, `${foreign} has another owner`, `sudo chown -R ${uid} ${data}`));
  }
  return checks.length > 0 ? checks : [ok(name, `${data} is its owner's alone`)];
}

const gibi = 1024 ** 3;
const slowMs = 50;

/** Room, and whether what was written is on disk when the system says so, in bearable time. */
export async function checkDisk({ config: { data }, clock, random }: Patient): Promise<Check[]> {
  const folder = existsSync(data) ? data : nearest(dirname(data));
  const { bavail, bsize } = await statfs(folder);
  const free = (bavail * bsize) / gibi;
  const room = `${free.toFixed(1)} GiB are free`;
  const checks = [
    free >= 1 ? ok("disk", room) : warn("disk", room, `free room on the disk of ${folder}`),
  ];
  const path = join(folder, `.bondstore-doctor-${random.uuid()}`);
  try {
    const file = await open(path, "wx", 0o600);
    await file.write(random.bytes(4096));
    const startMs = clock.now();
    await file.sync();
    const ms = clock.now() - startMs;
    await file.close();
    await unlink(path);
    checks.push(
      ms < slowMs
        ? ok("sync", `a write is on disk after ${ms} ms`)
        : warn("sync", `a write takes ${ms} ms to be on disk`, "use a faster disk for --data"),
    );
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    checks.push(fail("sync", `${folder} cannot be written: ${text}`, `chmod u+rwx ${folder}`));
  }
  return checks;
}

const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)));

/** Whether the root of trust opens, and what it protects from. */
export async function checkRoot({ config, random }: Patient): Promise<Check[]> {
  const name = "root of trust";
  const { data: directory, root: unlock } = config;
  if (!existsSync(join(directory, "root.key"))) return [ok(name, "made at the first start")];
  try {
    const root = await openRoot({
      directory,
      unlock,
      random,
      create: false,
      openToken: openToken(config.moduleEnv),
    });
    const inside = unlock.kind === "key-file" && unlock.path.startsWith(join(directory, "/"));
    if (!inside) return [ok(name, root.description)];
    const fix = `for data that matters: keep the key elsewhere, \`mv ${unlock.path} /elsewhere/\` and start with --key-file`;
    return [warn(name, root.description, fix)];
  } catch (error) {
    if (!(error instanceof RootLocked)) throw error;
    const fix = "give --key-file, BONDSTORE_PASSPHRASE or systemd's credential, as at the start";
    return [fail(name, error.message, fix)];
  }
}

/** Whether the vault is where it is looked for: without it no key opens. */
export function checkVault({ config: { data, vault } }: Patient): Check[] {
  const name = "vault";
  if (!existsSync(join(data, "root.key"))) return [ok(name, "made at the first start")];
  if (!existsSync(vault))
    return [fail(name, `it is not at ${vault}`, "give --vault, as at the start")];
  const inside = vault.startsWith(join(data, "/"));
  const where = inside
    ? "inside the data directory: leave it out of backups"
    : "outside the data directory";
  return [ok(name, `${vault}, ${where}`)];
}

/** The clock signs and judges: it must not stand before what the trail has seen. */
export function checkClock({ config: { data }, clock }: Patient): Check[] {
  const name = "clock";
  const path = trailPaths(join(data, "trail")).heads;
  const heads = existsSync(path) ? readHeads(readFileSync(path, "latin1")) : [];
  const lastMs = Math.max(0, ...heads.map(({ head }) => head?.timeMs ?? 0));
  const behindMs = lastMs - clock.now();
  if (behindMs > 1_000) {
    const seconds = Math.round(behindMs / 1000);
    return [
      fail(name, `it is ${seconds} s before the trail's last event`, "set the clock: ntpdate"),
    ];
  }
  const seen =
    lastMs === 0 ? "no trail to compare it with yet" : "not before the last event of the trail";
  return [ok(name, `${seen}; clients may differ by 15 minutes`)];
}
