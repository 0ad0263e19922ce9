import type {
  GetKeyLastUsageRequest,
  GetKeyLastUsageResponse,
  KeyLastUsageTrackingOperation,
} from "@aws-sdk/client-kms";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";

/** Tells when and how a key was used last, so that none is destroyed that somebody needs. */
export const readKeyLastUsage = operation("GetKeyLastUsage", {
  resolve: ({ KeyId }: Checked<GetKeyLastUsageRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "GetKeyLastUsage"),
  context: plainFacts,
  handle(target, _input, { own: keys }): GetKeyLastUsageResponse {
    const key = keyOf(target);
    const usage = keys.lastUsage.find(key);
    return {
      KeyId: key.record.id,
      KeyCreationDate: new Date(key.record.createdAtMs),
      TrackingStartDate: new Date(keys.lastUsage.sinceMs(key)),
      KeyLastUsage: usage
        ? {
            Operation: usage.operation as KeyLastUsageTrackingOperation,
            Timestamp: new Date(usage.atMs),
            CloudTrailEventId: usage.eventId,
            KmsRequestId: usage.requestId,
          }
        : {},
    };
  },
});
