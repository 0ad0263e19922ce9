import { ServiceError } from "../lib/service-error.ts";
import type { ApplicationLogs } from "../services/kinesisanalyticsv2/application-logs.ts";

/** What the engine of an application wrote. */
export interface FoundLogs {
  readonly application: string;
  readonly lines: readonly string[];
}

/** The last lines of one application, by its name or ARN. */
export async function readLogs(
  logs: ApplicationLogs | undefined,
  { application, account, count }: Readonly<Record<string, unknown>>,
): Promise<FoundLogs> {
  if (!logs) {
    throw new ServiceError(
      "NotFound",
      "no Bondstore serves this directory: logs are kept in memory",
    );
  }
  const name = String(application);
  const found = logs
    .arns()
    .filter((arn) => arn === name || arn.endsWith(`:application/${name}`))
    .filter((arn) => account === undefined || arn.includes(`:${String(account)}:`));
  const [arn] = found;
  if (arn === undefined) {
    throw new ServiceError(
      "NotFound",
      `no engine wrote for an application \`${name}\` since this Bondstore started`,
    );
  }
  if (found.length > 1) {
    throw new ServiceError("Ambiguous", `give --account; there are: ${found.join(", ")}`);
  }
  return { application: arn, lines: logs.lines(arn).slice(-Number(count)) };
}
