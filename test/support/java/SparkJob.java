import com.aliyun.odps.Instance;
import com.aliyun.odps.Odps;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.task.CupidTask;
import com.google.gson.Gson;
import java.util.Map;

/** Runs a Spark job by MaxCompute's SDK for Java: its plan is the only word. Prints how it ended and what it printed. */
public class SparkJob {
  public static void main(String[] words) throws Exception {
    Map<String, String> env = System.getenv();
    Odps odps = new Odps(new AliyunAccount(env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")));
    odps.setEndpoint(env.get("AWS_ENDPOINT_URL") + "/api");
    odps.setDefaultProject("sales");
    Instance job = CupidTask.run(odps, "sales", words[0], Map.of("spark.sql.shuffle.partitions", "1"));
    job.waitForSuccess();
    System.out.println(new Gson().toJson(job.getTaskResults()));
  }
}
