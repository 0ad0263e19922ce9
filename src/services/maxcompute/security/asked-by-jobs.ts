/**
 * What the code of a job may ask for in the name of who has submitted it: tables, their rows, statements and what they
 * are made of. It does not administer: who runs a resource that somebody else wrote does not lend them the project.
 */
export const askedByJobs: ReadonlySet<string> = new Set([
  ...["GetProject", "ListProjects", "GetTenant", "GetTunnelEndpoint", "GetLogviewHost"],
  ...["PutClientLogs", "ListSchemas", "ListTables", "GetTable", "ListPartitions", "GetPartition"],
  ...["ListFunctions", "GetFunction", "ListResources", "GetResource", "ReadResource"],
  ...["CreateResource", "UpdateResource", "PreviewTable", "PreviewTableArrow"],
  ...["CreateTableDownload", "GetTableDownload", "ReadTableDownload"],
  ...["CreateInstanceDownload", "GetInstanceDownload", "ReadInstanceDownload"],
  ...["CreateReadSession", "GetReadSession", "ReadSessionRows"],
  ...["CreateWriteSession", "GetWriteSession", "PutWriteBlock", "CommitWriteSession"],
  ...["CreateTableUpload", "PutTableBlock", "GetTableUpload", "CommitTableUpload"],
  ...["CreateTableStream", "GetTableStream", "PutStreamBlock", "EndTableStream"],
  ...["CreateTableUpsert", "GetTableUpsert", "PutUpsertBlock", "CommitTableUpsert"],
  ...["AbortTableUpsert", "CreateInstance", "RunStatement", "ListInstances", "StopInstance"],
  ...["GetInstance", "GetInstanceTasks", "GetInstanceResult", "GetInstanceSource"],
  ...["GetInstanceProgress", "GetInstanceSummary", "GetInstanceDetail", "GetInstanceQueueing"],
  ...["GetInstanceInfo", "GetInstanceQuota"],
]);

/** What a job on a Spark cluster may ask for: its files, and the place for its rows. */
export const askedByClusters: ReadonlySet<string> = new Set([
  ...["ReadClusterFile", "PutClusterPart", "CommitClusterParts"],
]);
