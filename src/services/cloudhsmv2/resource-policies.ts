import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { compilePolicy, PolicyError } from "../../policy/policy.ts";
import { changeBackup } from "./backups.ts";
import {
  type BackupTarget,
  backupOf,
  findBackup,
  type HsmCall,
  invalid,
  notFound,
} from "./find.ts";

/** Shapes that the SDK's newest client does not know yet. */
interface NamedResource {
  readonly ResourceArn?: string;
}
interface ResourcePolicy extends NamedResource {
  readonly Policy?: string;
}

/** Shows the resource policy of a backup. */
export const findResourcePolicy = operation("GetResourcePolicy", {
  resolve: (input: Checked<NamedResource>, call: HsmCall) => findByArn(input, call),

  handle(target): ResourcePolicy {
    const { policy } = backupOf(target);
    if (policy === undefined) throw notFound(`A resource policy of ${target.arn}`);
    return { Policy: policy };
  },
});

/** Gives a backup a resource policy, which counts for the very next call. */
export const putResourcePolicy = operation("PutResourcePolicy", {
  resolve: (input: Checked<ResourcePolicy>, call: HsmCall) => findByArn(input, call),

  async handle(target, { Policy }, call): Promise<ResourcePolicy> {
    if (Policy === undefined) throw invalid("Policy must be given.");
    checkPolicy(Policy);
    await changeBackup(target, call, (now) => {
      if (now.deleteAtMs !== undefined) throw invalid(`Backup ${now.id} is PENDING_DELETION.`);
      return { ...now, policy: Policy };
    });
    return { ResourceArn: target.arn, Policy };
  },
});

export const deleteResourcePolicy = operation("DeleteResourcePolicy", {
  resolve: (input: Checked<NamedResource>, call: HsmCall) => findByArn(input, call),

  async handle(target, _input, call): Promise<ResourcePolicy> {
    let gone: string | undefined;
    await changeBackup(target, call, ({ policy, ...now }) => {
      if (policy === undefined) throw notFound(`A resource policy of ${target.arn}`);
      gone = policy;
      return now;
    });
    return { ResourceArn: target.arn, ...(gone !== undefined && { Policy: gone }) };
  },
});

/** The backup of this ARN, which is of the caller's account. Nothing else has a resource policy. */
function findByArn({ ResourceArn }: NamedResource, call: HsmCall): BackupTarget {
  const [, region, account, id] =
    /^arn:aws:cloudhsm:([a-z0-9-]+):(\d{12}):backup\/(backup-[2-7a-zA-Z]{11,16})$/.exec(
      ResourceArn ?? "",
    ) ?? [];
  if (id === undefined) throw invalid("ResourceArn must be the ARN of a backup.");
  if (region === call.region && account === call.account) return findBackup(id, call);
  return {
    arn: ResourceArn ?? "",
    account: account ?? "",
    absent: { refusal: notFound(`Backup ${id}`) },
  };
}

function checkPolicy(text: string): void {
  try {
    compilePolicy(text, "resource");
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ServiceError("CloudHsmInvalidRequestException", error.message);
  }
}
