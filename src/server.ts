import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createAccess } from "./access/access.ts";
import { createTrail, type OpenTrail } from "./audit/create-trail.ts";
import type { Json } from "./audit/trail.ts";
import { cellDoors, keepsApplicationsOut } from "./cell-doors.ts";
import { unmountBelow } from "./cells/volume.ts";
import type { Config } from "./config.ts";
import { type Doors, makeDoors } from "./doors.ts";
import { classesFile } from "./engines/flink/classes.ts";
import { installedHome } from "./engines/flink/install.ts";
import { findJavaFunctions } from "./engines/functions/java-set.ts";
import { findJava } from "./engines/java.ts";
import { AttachedModules, allOf } from "./engines/pkcs11/attached-modules.ts";
import { openToken } from "./engines/pkcs11/open-token.ts";
import { findSpark } from "./engines/spark/spark-home.ts";
import { type HsmControl, openControl } from "./hsm/control/open-control.ts";
import { createHsms } from "./hsm/create-hsms.ts";
import { createTokenSource } from "./hsm/token-source.ts";
import { createDirectory } from "./identity/create-directory.ts";
import type { CustomKeyStore } from "./keys/custom-key-stores.ts";
import { keepRegions } from "./keys/kept-regions.ts";
import { KeyService } from "./keys/key-service.ts";
import { openKeyring } from "./keys/keyring.ts";
import { Agreements } from "./keys/peers/agreements.ts";
import type { Elsewhere } from "./keys/peers/elsewhere.ts";
import { openRoot, type RootOfTrust } from "./keys/root-of-trust.ts";
import { openVault, type Vault } from "./keys/vault.ts";
import { assert } from "./lib/assert.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { type Random, systemRandom } from "./lib/random.ts";
import { type Listening, listen, toldToOthers } from "./listen.ts";
import type { Parts } from "./pipeline/call.ts";
import { type Pipeline, startPipeline } from "./pipeline/pipeline.ts";
import { Projects } from "./projects/projects.ts";
import { makeRunDirectory, makeVolumeDirectory } from "./run-directory.ts";
import { type HsmWays, openHsmWays } from "./serve-hsms.ts";
import { type Outside, services } from "./services/index.ts";
import { ApplicationLogs } from "./services/kinesisanalyticsv2/application-logs.ts";
import { openStore } from "./storage/open-store.ts";
import type { Store } from "./storage/store.ts";
import { describe, describeStep } from "./wire/describe.ts";
import { findModel } from "./wire/models.ts";
import { admitPeers, postToPeer } from "./wire/peers.ts";
import { xksTransport } from "./wire/xks.ts";

/** A data directory that is open, and everything below the services. */
export interface Opened {
  readonly parts: Omit<Parts, "invoke" | "endpoint">;
  /** Regions besides home. */
  readonly furtherRegions: readonly string[];
  readonly trail: OpenTrail;
  readonly root: RootOfTrust;
  readonly hsms: HsmControl;
  readonly modules: AttachedModules;
  /** Related keys in other Bondstores, and who these are. */
  readonly elsewhere: Elsewhere;
  /** Custom key stores of an account, in any Region, that keep keys in a cluster or attached token. */
  keyStoresIn(account: string, clusterId: string): readonly CustomKeyStore[];
  close(): Promise<void>;
}

export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  /** One line of the operator's log. */
  readonly log: (line: string) => void;
}

export const realEnvironment = (log: (line: string) => void): Environment => ({
  clock: systemClock,
  random: systemRandom,
  log,
});

/** Opens the data directory, or makes it at first start. A directory in use cannot be opened twice. */
export async function open(config: Config, { clock, random, log }: Environment): Promise<Opened> {
  const directory = config.data;
  const { region } = config;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const root = await openRoot({
    directory,
    unlock: config.root,
    random,
    create: true,
    openToken: openToken(config.moduleEnv),
  });
  const keyring = openKeyring({ directory, root, random });
  const store = await openStore({
    directory: join(directory, "store"),
    sealers: keyring,
    indexKey: keyring.indexKey,
    report: (line) => log(`recovered: ${line}`),
  });
  let vault: Vault;
  let furtherRegions: readonly string[];
  try {
    furtherRegions = await keepRegions(store, region, config.furtherRegions);
    vault = await openKnownVault(config.vault, root, random, store);
  } catch (error) {
    await store.close();
    throw error;
  }
  const trail = await createTrail({
    directory: join(directory, "trail"),
    store,
    sealers: keyring,
    clock,
    random,
  });
  const people = await createDirectory({ store, clock, random });
  const access = createAccess({ directory: people });
  const base = { store, access, trail, clock, random, region };
  const sealing = { ...base, keyring, vault };
  const hsms = await openControl({ ...sealing, hsms: await createHsms(sealing) });
  const modules = new AttachedModules(store, random, config.moduleEnv);
  const tokens = allOf(createTokenSource(hsms.clusters, random, log), modules);
  const peers = new Agreements(base, [region, ...furtherRegions]);
  const transport = postToPeer;
  const proxies = xksTransport(config.xks);
  const keys = new KeyService({ ...sealing, furtherRegions, tokens, peers, transport, proxies });
  await writeFile(join(directory, "hsm-ca.pem"), hsms.clusters.authority.cert);
  return {
    parts: { ...base, directory: people, keys, projects: new Projects(store) },
    furtherRegions,
    trail,
    root,
    hsms,
    modules,
    elsewhere: keys.regions.elsewhere,
    keyStoresIn: (account, clusterId) =>
      [...keys.regions.all()]
        .flatMap(({ customStores }) => [...customStores.all(account)])
        .filter((store) => store.clusterId === clusterId),
    async close() {
      try {
        await modules.close();
        await trail.close();
      } finally {
        await store.close();
      }
    },
  };
}

/** Without its vault no key of a directory opens: it keeps the name, and is opened with no other. */
async function openKnownVault(
  path: string,
  root: RootOfTrust,
  random: Random,
  store: Store,
): Promise<Vault> {
  const settings = store.system.table<string>("settings");
  const known = settings.find(["vault"]);
  const vault = openVault({ path, root, random, known });
  if (known === undefined) {
    await store.transaction(() => settings.put(["vault"], vault.name));
  }
  return vault;
}

/** A Bondstore that serves. */
export interface Bondstore {
  readonly opened: Opened;
  readonly pipeline: Pipeline;
  /** Data directory. */
  readonly data: string;
  readonly endpoint: string;
  /** Path of the CA certificate; undefined on plain HTTP. */
  readonly ca: string | undefined;
  /** What the engines of applications wrote. */
  readonly logs: ApplicationLogs;
  readonly hsmWays: HsmWays;
  close(): Promise<void>;
}

const graceMs = 10_000;

/** Opens the front door. */
export async function serve(
  config: Config,
  opened: Opened,
  environment: Environment,
): Promise<Bondstore> {
  const { log } = environment;
  let front: Listening | undefined;
  const runDirectory = await makeRunDirectory(config.data, unmountBelow);
  const volumeDirectory = await makeVolumeDirectory(config.data);
  const directories = { runDirectory, volumeDirectory };
  const admitted: Omit<Pipeline, "stop"> = {
    run: (arrival) => pipeline.run(arrival),
    refused: (request) => pipeline.refused(request),
    isEverywhere: (service) => pipeline.isEverywhere(service),
    admitsAnonymous: (service) => pipeline.admitsAnonymous(service),
  };
  const doors = makeDoors(config, opened, admitted, environment);
  const frontDoor = () => {
    assert(front, "nothing of a cluster's is asked for before the front door is open");
    return toldToOthers(config, front);
  };
  const engines = { ...enginesOf(config, directories, doors, environment), frontDoor };
  const pipeline = await startPipeline(
    { ...opened.parts, endpoint: () => front?.endpoint ?? "" },
    services({ shardLimits: config.shardLimits, engines, hsms: opened.hsms }),
    describeInput,
  );
  const { hsmPort: port, host } = config;
  const hsmWays = await openHsmWays({ control: opened.hsms, host, port, runDirectory, log }).catch(
    async (error: unknown) => {
      await pipeline.stop();
      throw error;
    },
  );
  async function stop(): Promise<void> {
    await hsmWays.close();
    await pipeline.stop();
    for (const own of [runDirectory, volumeDirectory])
      await rm(own, { recursive: true, force: true });
  }
  const { elsewhere } = opened;
  const handle = admitPeers(doors.whole(keepsApplicationsOut), elsewhere);
  const listening = await listen(config, opened, handle, log).catch(async (error: unknown) => {
    // Applications run already: they end with the services.
    await stop();
    throw error;
  });
  front = listening;
  const { endpoint, ca } = listening;
  elsewhere.start({ endpoint, ...(ca && { ca: ca.text }) });
  return {
    ...{ opened, pipeline, data: config.data, endpoint, ca: ca?.path, hsmWays },
    logs: engines.logs,
    async close() {
      try {
        await listening.server.close(graceMs);
        await elsewhere.stop();
        await stop();
      } finally {
        await opened.close();
      }
    },
  };
}

/** What engines of services run on, and by which doors they come back. */
function enginesOf(
  { engines: { cache, flinkHome }, unconfinedCells, sparkCluster }: Config,
  directories: { readonly runDirectory: string; readonly volumeDirectory: string },
  { front, warehouse }: Doors,
  { clock, random, log }: Environment,
): Omit<Outside["engines"], "frontDoor"> & { readonly logs: ApplicationLogs } {
  const { runDirectory } = directories;
  const common = { runDirectory, random, now: () => clock.now(), log };
  return {
    ...directories,
    flinkHome: () => installedHome(cache, flinkHome),
    javaHome: () => findJava(undefined),
    classesFile: (flinkHome, javaHome) => classesFile({ flinkHome, javaHome }),
    unconfined: unconfinedCells,
    openDoor: cellDoors({ ...common, frontDoor: front }),
    spark: () => findSpark(cache),
    javaFunctions: () => findJavaFunctions(cache),
    ...(sparkCluster && { cluster: sparkCluster }),
    openWarehouseDoor: cellDoors({ ...common, frontDoor: warehouse }),
    log,
    logs: new ApplicationLogs(clock, log),
  };
}

/** The trail's words for what a request asks. */
function describeInput(service: string, operation: string, input: unknown): Json {
  const model = findModel(service)?.findOperation(operation);
  return model ? (describe(model, input as Record<string, unknown>) as Json) : describeStep(input);
}
