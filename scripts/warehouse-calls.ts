/** The clients of the warehouse, as the page calls them. */
export const warehouseClients = ["PyODPS", "Java", "JDBC"] as const;
export type WarehouseClient = (typeof warehouseClients)[number];

type Calls = Partial<Readonly<Record<WarehouseClient, RegExp>>>;

const everyScript = /execute_sql|run_sql/;
const everyQuery = /executeQuery/;
/** What each statement makes every client ask for. */
const statement: Calls = { PyODPS: everyScript, Java: /SQLTask\.run/, JDBC: everyQuery };
const upload: Calls = {
  PyODPS: /create_upload_session\(|write_table\(/,
  Java: /TableTunnel\(odps\)\.createUploadSession\(/,
};
const tableRows = /create_download_session\(|read_table\(/;
const stream = /create_stream_upload_session\(/;
const upserted: Calls = { PyODPS: /open_upsert_stream\(/, Java: /buildUpsertStream\(/ };
const volumeUpload: Calls = {
  PyODPS: /\.open_writer\("part/,
  Java: /new VolumeTunnel[\s\S]*createUploadSession\(/,
};
const volumeDownload: Calls = {
  PyODPS: /\.open_reader\("part/,
  Java: /new VolumeTunnel[\s\S]*createDownloadSession\(/,
};
const volumeObject: Calls = {
  PyODPS: /\.open_writer\("in\//,
  Java: /new VolumeFSTunnel[\s\S]*openOutputStream\(/,
};
const result: Calls = {
  PyODPS: /open_reader\(tunnel=True|\brows\(/,
  Java: /getResultSet\(/,
  JDBC: everyQuery,
};

/** Asked by executors of a cluster, of which a client's statement makes use. */
const onCluster: Calls = { PyODPS: /startSparkCluster\(/ };

/** What somebody writes with a client who wants an operation; clients have no names in common with the protocol. */
export const warehouseCalls: Readonly<Record<string, Calls>> = {
  ListProjects: { PyODPS: /list_projects\(/ },
  GetTenant: { PyODPS: everyScript, JDBC: everyQuery },
  GetLogviewHost: { PyODPS: everyScript, JDBC: everyQuery },
  GetTunnelEndpoint: { PyODPS: /write_table\(/, Java: /new TableTunnel\(/, JDBC: everyQuery },
  PutClientLogs: { Java: /setSecurityConfiguration\(/ },

  GetSecurityConfiguration: { PyODPS: /\.security_options/, Java: /getSecurityConfiguration\(/ },
  PutSecurityConfiguration: { PyODPS: /config\.update\(/, Java: /setSecurityConfiguration\(/ },
  GetProjectPolicy: { PyODPS: /= o\.get_project\(\)\.policy/ },
  PutProjectPolicy: { PyODPS: /get_project\(\)\.policy = / },
  GetProject: { PyODPS: /get_project\(\)\.reload\(/, Java: /projects\(\)\.get\(/ },
  UpdateProject: { Java: /updateProject\(/ },

  SignBearerToken: { PyODPS: /generate_auth_token\(/, JDBC: everyQuery },
  RunSecurityQuery: { PyODPS: /run_security_query\(/, Java: /runQuery\(/ },
  ListUsers: { PyODPS: /list_users\(/, Java: /listUsers\(/ },
  ListUserRoles: { PyODPS: /users\[[^\]]+\]\.roles|list_user_roles\(/ },
  GetUser: { PyODPS: /users\[[^\]]+\]\.roles/ },
  ListRoles: { PyODPS: /list_roles\(/ },
  ListRoleUsers: { PyODPS: /list_role_users\(/ },
  GetRolePolicy: { PyODPS: /get_role_policy\(/ },
  PutRolePolicy: { PyODPS: /set_role_policy\(/ },

  ListSchemas: { PyODPS: /list_schemas\(/ },
  ListTables: { PyODPS: /list_tables\(/, Java: /odps\.tables\(\)\)/, JDBC: /getTables\(/ },
  PreviewTable: { PyODPS: /\.head\(/ },
  PreviewTableArrow: { PyODPS: /open_preview_reader\(/ },
  CreateTableDownload: { PyODPS: tableRows, Java: /TableTunnel\(odps\)\.createDownloadSession\(/ },
  GetTableDownload: { PyODPS: /TableTunnel\(o\)\.create_download_session\([^)]*download_id=/ },
  ReadTableDownload: { PyODPS: tableRows, Java: /openRecordReader\(/ },
  CreateTableUpload: upload,
  PutTableBlock: upload,
  GetTableUpload: upload,
  CommitTableUpload: upload,
  CreateReadSession: { PyODPS: /create_read_session\(/ },
  GetReadSession: { PyODPS: /get_read_session\(/ },
  ReadSessionRows: { PyODPS: /read_rows_arrow\(/ },
  CreateWriteSession: { PyODPS: /create_write_session\(/ },
  GetWriteSession: { PyODPS: /get_write_session\(/ },
  PutWriteBlock: { PyODPS: /write_rows_arrow\(/ },
  CommitWriteSession: { PyODPS: /commit_write_session\(/ },
  CreateTableUpsert: { PyODPS: /create_upsert_session\(/, Java: /buildUpsertSession\(/ },
  GetTableUpsert: { PyODPS: /create_upsert_session\(/ },
  PutUpsertBlock: upserted,
  CommitTableUpsert: upserted,
  AbortTableUpsert: { PyODPS: /\.abort\(/ },
  CreateTableStream: { PyODPS: stream, Java: /buildStreamUploadSession\(/ },
  GetTableStream: { PyODPS: stream, Java: /buildStreamUploadSession\(/ },
  PutStreamBlock: { PyODPS: stream, Java: /newRecordPack\(/ },
  EndTableStream: { PyODPS: /create_stream_upload_session\([\s\S]*\.abort\(/ },
  ListPartitions: { PyODPS: /\)\.partitions/ },
  GetPartition: { PyODPS: /exist_partition\(|get_partition\(/ },
  GetTable: { PyODPS: /get_table\(/, Java: /tables\(\)\.get\(/, JDBC: /getColumns\(/ },

  ListResources: { PyODPS: /list_resources\(/ },
  CreateResource: { PyODPS: /create_resource\(/, Java: /resources\(\)\.create\(/ },
  GetResource: { PyODPS: /get_resource\(/, Java: /resources\(\)\.exists\(/ },
  ReadResource: {
    PyODPS: /get_resource\([^)]*\)\.open\(|\.open\("r/,
    Java: /getResourceAsStream\(/,
  },
  UpdateResource: { PyODPS: /with again\.open\("a"\)/ },
  DeleteResource: { PyODPS: /delete_resource\(/, Java: /resources\(\)\.delete\(/ },
  ListVolumes: { PyODPS: /list_volumes\(/ },
  CreateVolume: { PyODPS: /create_(?:parted|fs)_volume\(/, Java: /volumes\(\)\.create\(/ },
  GetVolume: { PyODPS: /get_volume\(/, Java: /volumes\(\)\.get\(/ },
  DeleteVolume: { PyODPS: /delete_volume\(/, Java: /volumes\(\)\.delete\(/ },
  ListVolumePartitions: { PyODPS: /list_partitions\(\)/, Java: /getPartitionIterator\(/ },
  GetVolumePartition: { PyODPS: /get_volume_partition\(/, Java: /partition\.getLength\(/ },
  ListVolumeFiles: { PyODPS: /list_files\(/, Java: /getFileIterator\(/ },
  DeleteVolumePartition: { PyODPS: /delete_partition\("part/, Java: /deleteVolumePartition\(/ },
  CreateVolumeUpload: volumeUpload,
  PutVolumeFile: volumeUpload,
  GetVolumeUpload: volumeUpload,
  CommitVolumeUpload: volumeUpload,
  CreateVolumeDownload: volumeDownload,
  GetVolumeDownload: { PyODPS: /reopen=True/, Java: /VolumeTunnel[\s\S]*getDownloadSession\(/ },
  ReadVolumeDownload: volumeDownload,
  GetVolumeObject: { PyODPS: /\w\["in\//, Java: /getVolumeFSFile\([^)]*\)\.getLength\(/ },
  ListVolumeObjects: { PyODPS: /for one in made\["/, Java: /: disk\.getVolumeFSFile\(/ },
  CreateVolumeDirectory: { PyODPS: /create_dir\(/ },
  UpdateVolumeObject: { PyODPS: /\.move\(/ },
  DeleteVolumeObject: { PyODPS: /\.delete\(recursive/, Java: /getVolumeFSFile\([^)]*\)\.delete\(/ },
  ReadVolumeObject: {
    PyODPS: /open_reader\("in\//,
    Java: /new VolumeFSTunnel[\s\S]*openInputStream/,
  },
  WriteVolumeObject: volumeObject,
  CommitVolumeObject: volumeObject,
  ListFunctions: { PyODPS: /list_functions\(/ },
  CreateFunction: { PyODPS: /create_function\(/, Java: /functions\(\)\.create\(/ },
  GetFunction: { PyODPS: /get_function\(|exist_function\(/, Java: /functions\(\)\.exists\(/ },
  UpdateFunction: { PyODPS: /functions\.update\(/, Java: /functions\(\)\.update\(/ },
  UpdateFunctionOwner: { PyODPS: /update_owner\(/, Java: /updateOwner\(/ },
  DeleteFunction: { PyODPS: /delete_function\(/, Java: /functions\(\)\.delete\(/ },

  CreateInstance: statement,
  ListInstances: { PyODPS: /list_instances\(/ },
  GetInstance: statement,
  StopInstance: { PyODPS: /\.stop\(\)/ },
  CreateInstanceDownload: result,
  GetInstanceDownload: {
    PyODPS: /InstanceTunnel\(o\)\.create_download_session\([^)]*download_id=/,
  },
  ReadInstanceDownload: result,
  GetInstanceResult: {
    PyODPS: /get_task_results?\(/,
    Java: /SQLTask\.getResult\(/,
    JDBC: everyQuery,
  },
  GetInstanceTasks: statement,
  GetInstanceSource: { PyODPS: /get_sql_query\(/ },
  GetInstanceProgress: { PyODPS: /get_task_progress\(/ },
  GetInstanceSummary: { PyODPS: /get_task_summary\(/, JDBC: everyQuery },
  GetInstanceDetail: { PyODPS: /get_task_detail2?\(/ },
  GetInstanceQueueing: { PyODPS: /get_queueing_info\(/ },
  GetInstanceInfo: { PyODPS: /get_task_info\(/ },
  GetInstanceQuota: { PyODPS: /get_task_quota\(/ },
  ReadClusterFile: onCluster,
  PutClusterPart: onCluster,
  CommitClusterParts: onCluster,
  GetInstanceLog: { PyODPS: /worker\.get_log\(/ },
};
