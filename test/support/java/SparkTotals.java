import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/** A Spark job in Java: sums a table into another, in the place of what that has. */
public class SparkTotals {
  public static void main(String[] words) {
    SparkSession spark = SparkSession.builder().getOrCreate();
    UDF1<String, String> louder = name -> name + words[0];
    spark.udf().register("louder", louder, DataTypes.StringType);
    spark.read().format("odps").load("orders").createOrReplaceTempView("orders");
    Dataset<Row> totals = spark.sql("select louder(name) as name, sum(id) as total from orders group by name");
    totals.write().format("odps").mode("overwrite").save("totals");
    System.out.println("words " + String.join(",", words));
  }
}
