import { furtherRegionsOf, homeRegionOf } from "../../keys/kept-regions.ts";
import { regionalName } from "../../keys/key-tables.ts";
import type { Store } from "../../storage/store.ts";

/** These tables, with those that each Region of a directory has of its own. */
export function inEachRegion(tables: readonly string[], store: Store): readonly string[] {
  const home = homeRegionOf(store) ?? "";
  const regional = tables.filter((name) => name.startsWith("kms."));
  return [
    ...tables,
    ...furtherRegionsOf(store).flatMap((region) =>
      regional.map((name) => regionalName(name, region, home)),
    ),
  ];
}

/** Tables of an account. A test holds these lists against the source: a new table is a line here. */
export const accountTables: readonly string[] = [
  "identity-users",
  "identity-groups",
  "identity-roles",
  "identity-policies",
  "identity-access-keys",
  "identity-key-uses",
  "identity-sessions",
  "identity-expiries",
  "identity-policy-uses",
  "identity-members",
  "kms.keys",
  "kms.aliases",
  "kms.grants",
  "kms.custom-key-stores",
  "kms.external-key-stores",
  "kms.usage",
  "hsm.clusters",
  "hsm.partitions",
  "hsm.objects",
  "hsm.log",
  "hsm-clusters",
  "hsm-cluster-keys",
  "hsm-backups",
  "hsm-luna-clients",
  "hsm-hapgs",
  "s3-buckets",
  "s3-objects",
  "s3-uploads",
  "s3-parts",
  "kinesis-streams",
  "kinesis-data-keys",
  "kinesis-data-key-ages",
  "flink-applications",
  "flink-snapshots",
  "flink-operations",
  "projects",
  "project-security",
  "project-shown",
  "project-drops",
  "project-stores",
  "odps-tables",
  "odps-versions",
  "odps-statistics",
  "odps-dropped-tables",
  "odps-schemas",
  "odps-refreshes",
  "odps-instances",
  "odps-running",
  "odps-downloads",
  "odps-uploads",
  "odps-blocks",
  "odps-streams",
  "odps-upserts",
  "odps-storage-reads",
  "odps-resources",
  "odps-functions",
  "odps-volumes",
  "odps-volume-entries",
  "odps-volume-uploads",
  "odps-volume-downloads",
  "odps-volume-parts",
  "odps-data-keys",
];

/** Tables that belong to no account. */
export const systemTables: readonly string[] = [
  "identity-accounts",
  "identity-account-names",
  "identity-key-accounts",
  "identity-application-sessions",
  "kms.accounts",
  "kms.versions",
  "kms.retirable",
  "kms.due",
  "kms.outbox",
  "s3-bucket-owners",
  "hsm.index",
  "hsm-modules",
  "peers",
  "kms.usage",
  "hsm-clusters",
  "trail",
  "certificates",
  "settings",
];
