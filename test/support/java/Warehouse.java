import com.aliyun.odps.Function;
import com.aliyun.odps.Instance;
import com.aliyun.odps.Odps;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PyResource;
import com.aliyun.odps.Table;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.data.RecordReader;
import com.aliyun.odps.data.RecordWriter;
import com.aliyun.odps.data.ResultSet;
import com.aliyun.odps.security.SecurityConfiguration;
import com.aliyun.odps.security.SecurityManager;
import com.aliyun.odps.task.SQLCostTask;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.io.CompressOption;
import com.google.gson.Gson;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What MaxCompute's SDK for Java does with a warehouse. Prints one object of JSON. */
public class Warehouse {
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

  private static Instance sql(String text) throws OdpsException {
    Instance instance = SQLTask.run(odps, text);
    instance.waitForSuccess();
    return instance;
  }

  private static long download() throws Exception {
    TableTunnel.DownloadSession session = new TableTunnel(odps).createDownloadSession("sales", "t");
    long sum = 0;
    try (RecordReader reader = session.openRecordReader(0, session.getRecordCount())) {
      com.aliyun.odps.data.Record record;
      while ((record = reader.read()) != null) sum += record.getBigint(0);
    }
    return sum;
  }

  public static void main(String[] words) {
    Map<String, String> env = System.getenv();
    odps = new Odps(new AliyunAccount(env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")));
    odps.setEndpoint(env.get("AWS_ENDPOINT_URL") + "/api");
    odps.setDefaultProject("sales");
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("owner", told(() -> odps.projects().get("sales").getOwner()));
    out.put("made", told(() -> {
      sql("create table t (a bigint, b string, c double);");
      sql("insert into t values (1, 'x', 1.5), (2, null, 2.5);");
      return odps.tables().get("t").getSchema().getColumns().size();
    }));
    out.put("csv", told(() -> {
      List<com.aliyun.odps.data.Record> rows = SQLTask.getResult(sql("select * from t order by a limit 9;"));
      return rows.size() + " " + rows.get(0).get(1);
    }));
    out.put("rows", told(() -> {
      ResultSet rows = SQLTask.getResultSet(sql("select * from t order by a limit 9;"));
      double sum = 0;
      while (rows.hasNext()) sum += rows.next().getDouble(2);
      return sum;
    }));
    out.put("listed", told(() -> {
      int count = 0;
      for (Table ignored : odps.tables()) count += 1;
      return count;
    }));
    out.put("uploaded", told(() -> {
      TableTunnel.UploadSession session = new TableTunnel(odps).createUploadSession("sales", "t");
      RecordWriter writer = session.openRecordWriter(0);
      com.aliyun.odps.data.Record record = session.newRecord();
      record.setBigint(0, 7L);
      writer.write(record);
      writer.close();
      session.commit(new Long[] {0L});
      return download();
    }));
    out.put("compressed", told(() -> {
      sql("create table packed (a bigint, b string);");
      CompressOption.CompressAlgorithm[] all = {
        CompressOption.CompressAlgorithm.ODPS_ZLIB, CompressOption.CompressAlgorithm.ODPS_LZ4_FRAME, CompressOption.CompressAlgorithm.ODPS_SNAPPY
      };
      for (CompressOption.CompressAlgorithm one : all) {
        TableTunnel.UploadSession session = new TableTunnel(odps).createUploadSession("sales", "packed");
        RecordWriter writer = session.openRecordWriter(0, new CompressOption(one, 1, 0));
        for (long at = 0; at < 20000; at += 1) {
          com.aliyun.odps.data.Record record = session.newRecord();
          record.setBigint(0, at);
          record.setString(1, "row " + at * 7919 % 1000);
          writer.write(record);
        }
        writer.close();
        session.commit(new Long[] {0L});
      }
      List<String> sums = new ArrayList<>();
      for (CompressOption.CompressAlgorithm one : all) {
        TableTunnel.DownloadSession session = new TableTunnel(odps).createDownloadSession("sales", "packed");
        long sum = 0;
        try (RecordReader reader = session.openRecordReader(0, session.getRecordCount(), new CompressOption(one, 1, 0))) {
          com.aliyun.odps.data.Record record;
          while ((record = reader.read()) != null) sum += record.getBigint(0) + record.getString(1).length();
        }
        sums.add(session.getRecordCount() + " " + sum);
      }
      return sums;
    }));
    out.put("function", told(() -> {
      String code = "from odps.udf import annotate\n@annotate('bigint->bigint')\nclass Plus(object):\n    def evaluate(self, a): return a + 1\n";
      PyResource resource = new PyResource();
      resource.setName("plus.py");
      odps.resources().create(resource, new ByteArrayInputStream(code.getBytes()));
      Function function = new Function();
      function.setName("plus");
      function.setClassPath("plus.Plus");
      function.setResources(List.of("plus.py"));
      odps.functions().create(function);
      List<com.aliyun.odps.data.Record> rows = SQLTask.getResult(sql("select plus(41) as a;"));
      String read = new String(odps.resources().getResourceAsStream("plus.py").readAllBytes());
      boolean there = odps.functions().exists("plus") && odps.resources().exists("plus.py");
      odps.functions().delete("plus");
      odps.resources().delete("plus.py");
      return rows.get(0).get(0) + " " + read.equals(code) + " " + there + " " + odps.functions().exists("plus") + " " + odps.resources().exists("plus.py");
    }));
    out.put("property", told(() -> {
      odps.projects().updateProject("sales", Map.of("odps.sql.timezone", "UTC"));
      return SQLTask.getResult(sql("select from_unixtime(0) as a;")).get(0).get(0);
    }));
    out.put("cost", told(() -> {
      Instance cost = SQLCostTask.run(odps, "select a from t;");
      cost.waitForSuccess();
      return cost.getTaskResults().get("AnonymousSQLCostTask");
    }));
    out.put("error", told(() -> sql("select nothing from t;").getId()));
    out.put("whoami", told(() -> odps.projects().get("sales").getSecurityManager().runQuery("whoami", false)));
    out.put("users", told(() -> odps.projects().get("sales").getSecurityManager().listUsers().size()));
    out.put("protected", told(() -> {
      com.aliyun.odps.security.SecurityManager manager = odps.projects().get("sales").getSecurityManager();
      SecurityConfiguration configuration = manager.getSecurityConfiguration();
      configuration.enableProjectProtection(words[0]);
      manager.setSecurityConfiguration(configuration);
      configuration = manager.getSecurityConfiguration();
      return configuration.projectProtection() + " " + configuration.getProjectProtectionExceptionPolicy();
    }));
    out.put("excepted", told(Warehouse::download));
    out.put("refused", told(() -> {
      sql("insert into t values (3, 'later', 0);");
      return download();
    }));
    System.out.println(new Gson().toJson(out));
  }
}
