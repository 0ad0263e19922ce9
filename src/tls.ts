import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";
import {
  type CertificateAndKey,
  createAuthority,
  issueServerCertificate,
  localNames,
  needsRenewal,
} from "./identity/certificates/authority.ts";
import type { Parts } from "./pipeline/call.ts";
import type { TlsIdentity } from "./wire/server/start-server.ts";

/**
 * The certificate that the front door shows, by this installation's own authority. Both are made at first start and
 * kept sealed; the authority's certificate is written to the data directory for clients to trust.
 */
export async function openTls(
  { data, host, hostNames }: Config,
  { store, clock, random }: Pick<Parts, "store" | "clock" | "random">,
): Promise<{
  readonly identity: TlsIdentity;
  readonly ca: { readonly path: string; readonly text: string };
}> {
  const table = store.system.table<CertificateAndKey>("certificates");
  const anyAddress = host === "0.0.0.0" || host === "::";
  const names = [...localNames, ...(anyAddress ? [] : [host]), ...hostNames.flatMap(withBuckets)];
  const kept = table.find(["authority"]);
  const authority = kept ?? createAuthority({ clock, random }, names);
  const known = kept && table.find(["server"]);
  const usable = known && !needsRenewal(clock, authority, known, names);
  const server = usable ? known : issueServerCertificate({ clock, random }, authority, names);
  if (!usable) {
    await store.transaction(() => {
      table.put(["authority"], authority);
      table.put(["server"], server);
    });
  }
  const ca = { path: join(data, "ca.pem"), text: authority.cert };
  await writeFile(ca.path, ca.text);
  return { identity: server, ca };
}

/** A name, and the names of buckets before it. */
const withBuckets = (name: string): readonly string[] => [name, `*.${name}`, `*.s3.${name}`];
