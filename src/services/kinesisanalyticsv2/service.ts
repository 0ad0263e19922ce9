import type { Service } from "../../pipeline/operation.ts";
import * as nouns from "./application-nouns.ts";
import { Applications } from "./applications.ts";
import * as lifecycle from "./lifecycle.ts";
import * as operations from "./operations.ts";
import type { Engines } from "./outside.ts";
import * as snapshots from "./snapshots.ts";
import * as tags from "./tags.ts";
import { updateApplication } from "./update-application.ts";

/** Amazon Managed Service for Apache Flink. Real Flink runs each application, in a cell of its own. */
export const kinesisAnalyticsV2 = (engines: Engines): Service<Applications> => ({
  name: "kinesisanalyticsv2",
  prefix: "kinesisanalytics",
  eventSource: "kinesisanalytics.amazonaws.com",
  operations: [
    nouns.createApplication,
    nouns.describeApplication,
    nouns.listApplications,
    nouns.deleteApplication,
    lifecycle.startApplication,
    lifecycle.stopApplication,
    updateApplication,
    snapshots.createApplicationSnapshot,
    snapshots.describeApplicationSnapshot,
    snapshots.listApplicationSnapshots,
    snapshots.deleteApplicationSnapshot,
    operations.listApplicationOperations,
    operations.describeApplicationOperation,
    tags.tagResource,
    tags.untagResource,
    tags.listTagsForResource,
  ],
  start(parts) {
    const applications = new Applications(parts, engines);
    // What was running comes back by itself, while requests are served already.
    applications.resume();
    return applications;
  },
  stop: (applications) => applications.close(),
});
