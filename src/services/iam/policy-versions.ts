import type {
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  PolicyVersion,
  SetDefaultPolicyVersionRequest,
} from "@aws-sdk/client-iam";
import { noSuchVersion } from "../../identity/managed-policies.ts";
import { pageOf } from "../../identity/pages.ts";
import type { PolicyVersion as VersionRecord } from "../../identity/records.ts";
import type { Call } from "../../pipeline/call.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { encodeDocument, pageEnd, pageRequest } from "./answers.ts";
import { findOwnPolicy, findPolicy } from "./find.ts";

/** A version as lists show it: without its document. */
const toVersion = ({ id, createdAtMs }: VersionRecord, isDefault: boolean): PolicyVersion => ({
  VersionId: id,
  IsDefaultVersion: isDefault,
  CreateDate: new Date(createdAtMs),
});

export const createPolicyVersion = operation("CreatePolicyVersion", {
  resolve: ({ PolicyArn }: Checked<CreatePolicyVersionRequest>, call: Call) =>
    findOwnPolicy(PolicyArn, call),

  async handle({ home, record }, input): Promise<CreatePolicyVersionResponse> {
    const { PolicyDocument, SetAsDefault = false } = input;
    const version = await home.policies.createVersion(record, PolicyDocument, SetAsDefault);
    return { PolicyVersion: toVersion(version, SetAsDefault) };
  },
});

export const getPolicyVersion = operation("GetPolicyVersion", {
  resolve: ({ PolicyArn }: Checked<GetPolicyVersionRequest>, call: Call) =>
    findPolicy(PolicyArn, call),

  handle({ record }, { VersionId }): GetPolicyVersionResponse {
    const version = record.versions.find(({ id }) => id === VersionId);
    if (!version) throw noSuchVersion(record.arn, VersionId);
    return {
      PolicyVersion: {
        ...toVersion(version, version.id === record.defaultVersion),
        Document: encodeDocument(version.document),
      },
    };
  },
});

export const listPolicyVersions = operation("ListPolicyVersions", {
  resolve: ({ PolicyArn }: Checked<ListPolicyVersionsRequest>, call: Call) =>
    findPolicy(PolicyArn, call),

  handle({ record }, input): ListPolicyVersionsResponse {
    const page = pageOf(record.versions.toReversed(), pageRequest(input));
    const Versions = page.items.map((each) => toVersion(each, each.id === record.defaultVersion));
    return { Versions, ...pageEnd(page) };
  },
});

export const deletePolicyVersion = operation("DeletePolicyVersion", {
  resolve: ({ PolicyArn }: Checked<DeletePolicyVersionRequest>, call: Call) =>
    findOwnPolicy(PolicyArn, call),
  handle: ({ home, record }, { VersionId }) => home.policies.removeVersion(record, VersionId),
});

/** Makes another version the one that counts, at once. */
export const setDefaultPolicyVersion = operation("SetDefaultPolicyVersion", {
  resolve: ({ PolicyArn }: Checked<SetDefaultPolicyVersionRequest>, call: Call) =>
    findOwnPolicy(PolicyArn, call),
  handle: ({ home, record }, { VersionId }) => home.policies.setDefault(record, VersionId),
});
