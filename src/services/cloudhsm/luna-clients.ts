import type {
  CreateLunaClientRequest,
  CreateLunaClientResponse,
  DeleteLunaClientRequest,
  DeleteLunaClientResponse,
  DescribeLunaClientRequest,
  DescribeLunaClientResponse,
  GetConfigRequest,
  GetConfigResponse,
  ListLunaClientsRequest,
  ListLunaClientsResponse,
  ModifyLunaClientRequest,
  ModifyLunaClientResponse,
} from "@aws-sdk/client-cloudhsm";
import { newClassicId } from "../../hsm/control/ids.ts";
import {
  fingerprintOf,
  isSelfSigned,
  readCertificate,
} from "../../hsm/control/read-certificate.ts";
import type { LunaClientRecord } from "../../hsm/control/records.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import {
  arnOf,
  type ClassicCall,
  classicHsms,
  findHapg,
  findLunaClient,
  inAccount,
  invalid,
  lunaClientTable,
  pageOf,
  partitionNumbers,
} from "./find.ts";

const clientsMax = 800;

/** Reads the certificate of a client, which vouches for itself. */
function certificateOf(text: string): Pick<LunaClientRecord, "certificate" | "fingerprint"> {
  const certificate = readCertificate(text);
  if (!certificate || !isSelfSigned(certificate)) {
    throw invalid("Certificate must be one self-signed X.509 certificate in PEM.");
  }
  return { certificate: certificate.toString(), fingerprint: fingerprintOf(certificate) };
}

/** Registers a client by its certificate: it may connect to the account's HSMs. PINs are asked for besides. */
export const createLunaClient = operation("CreateLunaClient", {
  resolve: (input: Checked<CreateLunaClientRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { Label, Certificate }, call): Promise<CreateLunaClientResponse> {
    const made: LunaClientRecord = {
      id: newClassicId("client", call.parts.random),
      ...certificateOf(Certificate),
      ...(Label !== undefined && { label: Label }),
      modifiedAtMs: call.timeMs,
    };
    const table = lunaClientTable(call);
    await call.parts.store.transaction(() => {
      const known = [...table.range({ limit: clientsMax })].map(({ value }) => value);
      if (known.length >= clientsMax) {
        throw invalid(`An account has at most ${clientsMax} clients.`);
      }
      if (table.find([made.id])) throw invalid("This id is taken: try again.");
      if (known.some(({ fingerprint }) => fingerprint === made.fingerprint)) {
        throw invalid("A client with this certificate exists.");
      }
      table.put([made.id], made);
    });
    return { ClientArn: arnOf(call, made.id) };
  },

  responseElements: ({ ClientArn }) => ({ clientArn: ClientArn ?? null }),
});

export const describeLunaClient = operation("DescribeLunaClient", {
  resolve: (input: Checked<DescribeLunaClientRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { ClientArn, CertificateFingerprint }, call): DescribeLunaClientResponse {
    const wanted = CertificateFingerprint?.toLowerCase();
    const all = [...lunaClientTable(call).range()].map(({ value }) => value);
    const named = all.find(({ fingerprint }) => fingerprint === wanted);
    const found = (ClientArn === undefined && named) || findLunaClient(ClientArn, call);
    return {
      ClientArn: arnOf(call, found.id),
      Certificate: found.certificate,
      CertificateFingerprint: found.fingerprint,
      LastModifiedTimestamp: String(found.modifiedAtMs),
      ...(found.label !== undefined && { Label: found.label }),
    };
  },
});

export const listLunaClients = operation("ListLunaClients", {
  resolve: (input: Checked<ListLunaClientsRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { NextToken }, call): ListLunaClientsResponse {
    const ids = [...lunaClientTable(call).range()].map(({ value }) => value.id);
    const { arns, ...next } = pageOf(ids, NextToken, call);
    return { ClientList: arns, ...next };
  },
});

/** Gives a client another certificate; connections end, and none is made with the old one any more. */
export const modifyLunaClient = operation("ModifyLunaClient", {
  resolve: (input: Checked<ModifyLunaClientRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { ClientArn, Certificate }, call): Promise<ModifyLunaClientResponse> {
    const certificate = certificateOf(Certificate);
    await call.parts.store.transaction(() => {
      const now = findLunaClient(ClientArn, call);
      const changed = { ...now, ...certificate, modifiedAtMs: call.timeMs };
      lunaClientTable(call).put([now.id], changed);
    });
    call.own.clusters.shutClassic(call.account);
    return { ClientArn };
  },
});

export const deleteLunaClient = operation("DeleteLunaClient", {
  resolve: (input: Checked<DeleteLunaClientRequest>, call: ClassicCall) => inAccount(input, call),

  async handle(_account, { ClientArn }, call): Promise<DeleteLunaClientResponse> {
    const table = lunaClientTable(call);
    await call.parts.store.transaction(() => table.remove([findLunaClient(ClientArn, call).id]));
    call.own.clusters.shutClassic(call.account);
    return { Status: "SUCCESS" };
  },
});

/**
 * Writes what a client needs to reach the partitions of groups: modules of p11-kit, one for each HSM, and the
 * certificates of the HSMs with the authority that vouches for them.
 */
export const clientConfig = operation("GetConfig", {
  resolve: (input: Checked<GetConfigRequest>, call: ClassicCall) => inAccount(input, call),

  handle(_account, { ClientArn, HapgList }, call): GetConfigResponse {
    const { clusters } = call.own;
    findLunaClient(ClientArn, call);
    const wanted = new Set(HapgList.flatMap((arn) => findHapg(arn, call).partitions));
    const hsms = classicHsms(call).filter((hsm) =>
      partitionNumbers(hsm, call).some((number) => wanted.has(number)),
    );
    if (!clusters.port) throw invalid("The door to the HSMs of this Bondstore is not open.");
    const endpoint = `${clusters.port.host}:${clusters.port.port}`;
    const modules = hsms.map(
      ({ id }) =>
        `# ${id}.module\nremote: |bondstore hsm connect --endpoint ${endpoint} --cluster ${id} --cert client.pem --key client-key.pem --ca server.pem\n`,
    );
    return {
      ConfigType: "p11-kit",
      ConfigFile: modules.join("\n"),
      ConfigCred: [clusters.authority.cert, ...hsms.map(({ cert = "" }) => cert)].join(""),
    };
  },
});
