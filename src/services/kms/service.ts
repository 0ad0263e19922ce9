import { KeyService } from "../../keys/key-service.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import { assert } from "../../lib/assert.ts";
import type { Service } from "../../pipeline/operation.ts";
import * as aliases from "./aliases.ts";
import * as cryptography from "./cryptography.ts";
import * as customKeyStores from "./custom-key-stores.ts";
import * as dataKeys from "./data-keys.ts";
import * as deletion from "./deletion.ts";
import * as grants from "./grants.ts";
import * as imports from "./imports.ts";
import * as keyPairs from "./key-pairs.ts";
import * as keys from "./keys.ts";
import * as lastUsage from "./last-usage.ts";
import * as macs from "./macs.ts";
import * as multiRegion from "./multi-region.ts";
import * as policies from "./policies.ts";
import * as rotation from "./rotation.ts";
import * as signatures from "./signatures.ts";
import * as tags from "./tags.ts";

const nouns = [
  aliases,
  cryptography,
  customKeyStores,
  dataKeys,
  deletion,
  grants,
  imports,
  keyPairs,
  keys,
  lastUsage,
  macs,
  multiRegion,
  policies,
  rotation,
  signatures,
  tags,
] as const;

/** AWS Key Management Service, over the keys that the other services use as well. */
export const kms: Service<KeyStore> = {
  name: "kms",
  prefix: "kms",
  eventSource: "kms.amazonaws.com",
  operations: nouns.flatMap((noun) => Object.values(noun)),
  async start({ keys: service }) {
    assert(service instanceof KeyService, "the key service has the keys that services use");
    for (const { upkeep } of service.regions.all()) await upkeep.start();
    return service.store;
  },
  inRegion: (keys, region) => keys.regions.at(region),
  async stop({ regions }) {
    for (const { upkeep } of regions.all()) await upkeep.stop();
  },
};
