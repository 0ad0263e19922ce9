/** Tables of an account: a test holds this list against the source. */
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
  "s3-buckets",
  "s3-objects",
  "s3-uploads",
  "s3-parts",
  "kinesis-streams",
  "kinesis-data-keys",
  "flink-applications",
  "flink-snapshots",
  "flink-operations",
];

/** Tables that belong to no account. */
export const systemTables: readonly string[] = [
  "identity-accounts",
  "identity-account-names",
  "identity-key-accounts",
  "identity-application-sessions",
  "kms.versions",
  "kms.retirable",
  "kms.due",
  "s3-bucket-owners",
  "trail",
  "certificates",
];
