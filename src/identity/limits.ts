/** How much an account may have of what. IAM's default quotas; where IAM raises them on request, the raised ones. */
export const limits = {
  usersPerAccount: 5000,
  groupsPerAccount: 300,
  rolesPerAccount: 1000,
  policiesPerAccount: 1500,
  groupsPerUser: 10,
  accessKeysPerUser: 2,
  attachedPerHolder: 20,
  versionsPerPolicy: 5,
  tagsPerEntity: 50,
  /** Sizes count characters without white space. */
  policySize: 6144,
  trustPolicySize: 2048,
  inlineSize: { user: 2048, group: 5120, role: 10_240 },
} as const;
