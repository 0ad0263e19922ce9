import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What MaxCompute's driver for JDBC does with a warehouse. Prints one array of JSON. */
public class WarehouseJdbc {
  public static void main(String[] words) throws Exception {
    Map<String, String> env = System.getenv();
    Class.forName("com.aliyun.odps.jdbc.OdpsDriver");
    String interactive = words.length > 0 ? words[0] : "false";
    String url = "jdbc:odps:" + env.get("AWS_ENDPOINT_URL") + "/api?project=sales&interactiveMode=" + interactive + "&logLevel=ERROR";
    // The driver decodes what it is given: a plus in a secret would become a space.
    String secret = URLEncoder.encode(env.get("AWS_SECRET_ACCESS_KEY"), StandardCharsets.UTF_8);
    List<String> out = new ArrayList<>();
    try (Connection connection =
            DriverManager.getConnection(url, env.get("AWS_ACCESS_KEY_ID"), secret);
        Statement statement = connection.createStatement()) {
      statement.execute("create table t (a bigint, b string)");
      out.add("written " + statement.executeUpdate("insert into t values (1, 'x'), (2, 'y')"));
      try (ResultSet rows = statement.executeQuery("select a, b from t order by a limit 9")) {
        while (rows.next()) out.add(rows.getLong(1) + rows.getString(2));
      }
      try (ResultSet tables = connection.getMetaData().getTables(null, "sales", "t", null)) {
        while (tables.next()) out.add("table " + tables.getString("TABLE_NAME"));
      }
      try (ResultSet columns = connection.getMetaData().getColumns(null, "sales", "t", null)) {
        while (columns.next()) out.add("column " + columns.getString("COLUMN_NAME"));
      }
      statement.execute("create view v(@k table (a bigint), @b string) as select t.a from t join @k on t.a = k.a where t.b = @b");
      try (ResultSet rows = statement.executeQuery("select a from v((select a from t), 'y')")) {
        while (rows.next()) out.add("view " + rows.getLong(1));
      }
      statement.execute("analyze table t compute statistics for columns (a)");
      try (ResultSet rows = statement.executeQuery("show statistic t columns (a)")) {
        if (rows.next()) out.add(rows.getString(1).split("\n")[0]);
      }
      try {
        statement.executeQuery("select nothing from t");
      } catch (SQLException error) {
        out.add(error.getMessage().contains("ODPS-0130071") ? "refused" : error.getMessage());
      }
    }
    System.out.println("[\"" + String.join("\",\"", out) + "\"]");
  }
}
