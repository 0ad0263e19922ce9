import { linkModel } from "./link-model.ts";
import type { ServiceModel } from "./model.ts";
import { tables } from "./models/tables.ts";

/** Names of the services whose models are here. */
export const serviceNames: readonly string[] = Object.keys(tables);

const linked = new Map<string, ServiceModel>();

/** The model of a service, by the name of its table: `kms`. Parsed at its first use. */
export function findModel(service: string): ServiceModel | undefined {
  const known = linked.get(service);
  if (known) return known;
  const text = Object.hasOwn(tables, service) ? tables[service] : undefined;
  if (text === undefined) return undefined;
  const model = linkModel(text);
  linked.set(service, model);
  return model;
}

/** What routing must know of every service, read from the head of its table without parsing the rest. */
interface Head {
  readonly name: string;
  readonly signingName: string;
  readonly version: string;
  readonly protocols: readonly string[];
  readonly targetPrefix?: string;
}

const heads: readonly Head[] = Object.values(tables).map(
  (text) => JSON.parse(`${text.slice(0, text.indexOf(',\n"operations"'))}}`) as Head,
);

/** Smithy clients name the service by its shape alone: `CloudTrail_20131101`, where botocore sends a long prefix. */
const byTarget = new Map(
  heads.flatMap(({ targetPrefix, name }) => [
    [targetPrefix?.replace(/^.*\./, ""), name] as const,
    [targetPrefix, name] as const,
  ]),
);

/** The service that `X-Amz-Target: PREFIX.Operation` names. */
export function findModelByTarget(prefix: string): ServiceModel | undefined {
  const name = byTarget.get(prefix);
  return name === undefined ? undefined : findModel(name);
}

/** The services that the credential scope may mean by this name. */
export function findModelsBySigningName(signingName: string): readonly ServiceModel[] {
  return modelsWhere((head) => head.signingName === signingName);
}

/** The services that speak awsQuery or ec2Query at this version of their interface. */
export function findQueryModels(version: string | undefined): readonly ServiceModel[] {
  return modelsWhere(
    ({ protocols, ...head }) =>
      (protocols.includes("query") || protocols.includes("ec2")) &&
      (version === undefined || head.version === version),
  );
}

let restModels: readonly ServiceModel[] | undefined;

/** The services that speak a REST protocol. */
export function findRestModels(): readonly ServiceModel[] {
  restModels ??= modelsWhere(({ protocols }) => protocols.some((name) => name.startsWith("rest")));
  return restModels;
}

function modelsWhere(holds: (head: Head) => boolean): readonly ServiceModel[] {
  return heads.filter(holds).flatMap(({ name }) => findModel(name) ?? []);
}
