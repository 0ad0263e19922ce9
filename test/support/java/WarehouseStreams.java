import com.aliyun.odps.Instance;
import com.aliyun.odps.Odps;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.impl.PartitionRecord;
import com.aliyun.odps.tunnel.io.CompressOption;
import com.aliyun.odps.tunnel.streams.UpsertStream;
import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.Map;

/** Streams into tables, as MaxCompute's SDK for Java has them. Prints one object of JSON. */
public class WarehouseStreams {
  private static Odps odps;

  interface Work {
    Object run() throws Exception;
  }

  private static Object told(Work work) {
    try {
      return work.run();
    } catch (Exception error) {
      return error.getMessage();
    }
  }

  private static String sql(String text) throws OdpsException {
    Instance instance = SQLTask.run(odps, text);
    instance.waitForSuccess();
    return instance.getTaskResults().values().toString();
  }

  public static void main(String[] words) {
    Map<String, String> env = System.getenv();
    odps = new Odps(new AliyunAccount(env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")));
    odps.setEndpoint(env.get("AWS_ENDPOINT_URL") + "/api");
    odps.setDefaultProject("sales");
    TableTunnel tunnel = new TableTunnel(odps);
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("stream", told(() -> {
      sql("create table t (a bigint, b string);");
      TableTunnel.StreamUploadSession session = tunnel.buildStreamUploadSession("sales", "t").build();
      CompressOption.CompressAlgorithm[] all = {CompressOption.CompressAlgorithm.ODPS_RAW, CompressOption.CompressAlgorithm.ODPS_LZ4_FRAME};
      StringBuilder seen = new StringBuilder();
      for (CompressOption.CompressAlgorithm one : all) {
        TableTunnel.StreamRecordPack pack = session.newRecordPack(new CompressOption(one, 1, 0));
        for (long at = 0; at < 100; at += 1) {
          Record record = session.newRecord();
          record.setBigint(0, at);
          record.setString(1, "row " + at);
          pack.append(record);
        }
        pack.flush();
        seen.append(sql("select count(*) as n from t;").replace('\n', ' ')).append(session.getLastBatchId());
      }
      return seen.toString();
    }));
    out.put("dynamic", told(() -> {
      sql("create table parted (a bigint) partitioned by (ds string);");
      TableTunnel.StreamUploadSession session =
          tunnel.buildStreamUploadSession("sales", "parted").setDynamicPartition(true).build();
      TableTunnel.StreamRecordPack pack = session.newRecordPack();
      for (long at = 0; at < 10; at += 1) {
        PartitionRecord record = (PartitionRecord) session.newRecord();
        record.setBigint(0, at);
        record.setPartition(new PartitionSpec("ds=p" + at % 2));
        pack.append(record);
      }
      pack.flush();
      return sql("select ds, count(*) as n from parted where ds >= 'p' group by ds order by ds limit 9;").replace('\n', ' ');
    }));
    out.put("gone", told(() -> {
      TableTunnel.StreamUploadSession session = tunnel.buildStreamUploadSession("sales", "t").build();
      TableTunnel.StreamRecordPack pack = session.newRecordPack();
      Record record = session.newRecord();
      record.setBigint(0, 1L);
      pack.append(record);
      sql("drop table t;");
      return pack.flush();
    }));
    out.put("upsert", told(() -> {
      sql("create table keyed (k bigint not null, b string, primary key (k)) partitioned by (ds string) tblproperties ('transactional'='true');");
      sql("insert into keyed partition (ds='x') values (1, 'old'), (2, 'old'), (3, 'old');");
      TableTunnel.UpsertSession session =
          tunnel.buildUpsertSession("sales", "keyed").setPartitionSpec("ds=x").build();
      UpsertStream stream = session.buildUpsertStream().build();
      for (long at = 2; at < 2000; at += 1) {
        Record record = session.newRecord();
        record.setBigint(0, at);
        record.setString(1, "new");
        stream.upsert(record);
      }
      stream.flush();
      Record record = session.newRecord();
      record.setBigint(0, 3L);
      stream.delete(record);
      stream.close();
      session.commit(false);
      session.close();
      return sql("select b, count(*), min(k), max(k) from keyed where ds = 'x' group by b order by b limit 9;").replace('\n', ' ');
    }));
    out.put("missing", told(() -> tunnel.buildStreamUploadSession("sales", "nothing").build().getId()));
    System.out.println(new Gson().toJson(out));
    System.exit(0);
  }
}
