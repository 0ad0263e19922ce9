import com.aliyun.odps.Function;
import com.aliyun.odps.Instance;
import com.aliyun.odps.JarResource;
import com.aliyun.odps.Odps;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.task.SQLTask;
import com.google.gson.Gson;
import java.io.FileInputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What MaxCompute's SDK for Java does with functions in a JAR. Prints one object of JSON. */
public class WarehouseFunctions {
  private static Odps odps;

  private static String first(String text) throws Exception {
    Instance instance = SQLTask.run(odps, text);
    instance.waitForSuccess();
    List<Record> rows = SQLTask.getResult(instance);
    return rows.get(0).get(0).toString();
  }

  public static void main(String[] words) throws Exception {
    Map<String, String> env = System.getenv();
    odps = new Odps(new AliyunAccount(env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")));
    odps.setEndpoint(env.get("AWS_ENDPOINT_URL") + "/api");
    odps.setDefaultProject("sales");
    Map<String, Object> out = new LinkedHashMap<>();
    JarResource jar = new JarResource();
    jar.setName("functions.jar");
    try (FileInputStream content = new FileInputStream(words[0])) {
      odps.resources().create(jar, content);
    }
    Function function = new Function();
    function.setName("f");
    function.setClassPath("com.example.Functions$Plus");
    function.setResources(List.of("functions.jar"));
    odps.functions().create(function);
    out.put("plus", first("select f(40, 2);"));
    odps.functions().get("f").updateOwner(words[1]);
    Function read = odps.functions().get("f");
    read.reload();
    out.put("owner", read.getOwner());
    function.setClassPath("com.example.Functions$Types");
    odps.functions().update(function);
    out.put("types", first("select f('up');"));
    System.out.println(new Gson().toJson(out));
  }
}
