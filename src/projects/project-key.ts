import { rootArn } from "../identity/principals.ts";
import type { Context, Keys, KeyUse } from "../keys/keys.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Store } from "../storage/store.ts";
import { type ProjectRecord, projectTable } from "./project.ts";

/** A customer's key that seals what is written into a project, and the grant by which the warehouse uses it. */
export interface ProjectKey {
  readonly arn: string;
  readonly grantId: string;
}

type Named = Pick<ProjectRecord, "id" | "name" | "account">;

/** What settling and using the key of a project needs. */
export interface KeyParts {
  readonly keys: Keys;
  readonly region: string;
  readonly random: Random;
}

/** The warehouse as a principal: it uses keys by itself, whoever runs a statement. */
const warehouse = "maxcompute.amazonaws.com";
const needs = ["GenerateDataKey", "Decrypt"] as const;

/** Name of a project in MaxCompute's policies. */
export const projectArn = (name: string): string => `acs:odps:*:projects/${name}`;

/** What every use of a key for a project is bound to. A project that is made later under the name has another id. */
export const projectContext = ({ id, name }: Pick<Named, "id" | "name">): Context => ({
  "aws:odps:project": projectArn(name),
  "aws:odps:project-id": id,
});

const requested = ({ region, random }: KeyParts) => ({
  via: `maxcompute.${region}.amazonaws.com`,
  ...{ requestId: random.uuid(), sourceIp: warehouse, userAgent: warehouse },
});

/** The warehouse uses a key for a project. */
export const warehouseUse = ({ name, account }: Named, parts: KeyParts): KeyUse => ({
  ...requested(parts),
  principal: { kind: "service", name: warehouse },
  ...{ account, sourceArn: projectArn(name), sourceAccount: account },
});

/**
 * Settles the key of a project: the owner of the project lets the warehouse use it, by a grant for this project alone.
 * Who works in the project needs no permission of the key. Throws KMS's refusals, also where the key's policy denies
 * what the grant allows.
 */
export async function settleProjectKey(
  project: Named,
  keyId: string,
  parts: KeyParts,
): Promise<ProjectKey> {
  const { keys } = parts;
  const { name, account } = project;
  const owner = { kind: "root", account, arn: rootArn(account), id: account, tags: {} } as const;
  const use = { ...requested(parts), principal: owner, account, sourceArn: projectArn(name) };
  const { arn, keySpec } = await keys.describe(keyId, use);
  if (keySpec !== "SYMMETRIC_DEFAULT") {
    throw new ServiceError(
      "InvalidParameter",
      `the key of a project is a symmetric encryption key: ${arn} is ${keySpec}`,
    );
  }
  const context = projectContext(project);
  const principals = { grantee: warehouse, retiring: warehouse };
  const grantId = await keys.volumes.grant(arn, principals, context, use, needs);
  const key = { arn, grantId };
  try {
    await keys.tryOut(arn, needs, context, warehouseUse(project, parts));
  } catch (error) {
    await giveBack(project, key, parts);
    throw error;
  }
  return key;
}

/**
 * Gives a project another key, or none of its own, for what is written from now on. The grant of the one before stays:
 * what it sealed is still read.
 */
export async function changeProjectKey(
  parts: KeyParts & { readonly store: Store; readonly clock: Clock },
  account: string,
  name: string,
  keyId: string | undefined,
): Promise<ProjectRecord> {
  const { store, clock } = parts;
  const rows = projectTable(store.account(account));
  const project = rows.find([name.toLowerCase()]);
  if (!project) throw new ServiceError("NotFound", `there is no project \`${name}\``);
  const key = keyId === undefined ? undefined : await settleProjectKey(project, keyId, parts);
  return store.transaction(() => {
    const now = rows.find([project.name]);
    if (now?.id !== project.id) throw new ServiceError("NotFound", "the project was just dropped");
    const { key: _, ...rest } = now;
    const changed = { ...rest, ...(key && { key }), modifiedAtMs: clock.now() };
    rows.put([project.name], changed);
    return changed;
  });
}

/** The grants by which the warehouse uses keys for a project: of the key that it has, and of those that it had. */
export const grantsOf = ({ id }: Named, { keys }: KeyParts): readonly ProjectKey[] =>
  keys.volumes
    .left({ grantee: warehouse, retiring: warehouse })
    .filter(({ context }) => context["aws:odps:project-id"] === id)
    .map(({ keyArn, grantId }) => ({ arn: keyArn, grantId }));

/** Ends the grant of a project whose data needs the key no more. */
export const giveBack = (project: Named, { arn, grantId }: ProjectKey, parts: KeyParts) =>
  parts.keys.volumes.retire(arn, grantId, warehouseUse(project, parts));
