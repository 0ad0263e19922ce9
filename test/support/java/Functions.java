package com.example;

import com.aliyun.odps.data.Struct;
import com.aliyun.odps.data.SimpleStruct;
import com.aliyun.odps.io.DoubleWritable;
import com.aliyun.odps.io.LongWritable;
import com.aliyun.odps.io.Text;
import com.aliyun.odps.io.Writable;
import com.aliyun.odps.type.TypeInfoFactory;
import com.aliyun.odps.udf.Aggregator;
import com.aliyun.odps.udf.ExecutionContext;
import com.aliyun.odps.udf.UDF;
import com.aliyun.odps.udf.UDFException;
import com.aliyun.odps.udf.UDTF;
import com.aliyun.odps.udf.annotation.Resolve;
import java.io.BufferedReader;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Functions as users of MaxCompute write them, for tests of the warehouse. */
public class Functions {
  private Functions() {}

  public static class Plus extends UDF {
    public Long evaluate(Long a, Long b) {
      return a == null || b == null ? null : a + b;
    }

    public Double evaluate(Double a, Double b) {
      return a == null || b == null ? null : a + b;
    }

    public String evaluate(String a, String b) {
      return a + "+" + b;
    }

    public String evaluate(String... all) {
      return Arrays.toString(all);
    }
  }

  public static class Types extends UDF {
    public String evaluate(
        Integer a, Boolean b, BigDecimal c, java.util.Date d, java.sql.Timestamp e,
        java.sql.Date f, byte[] g, List<Long> h, Map<String, Double> i) {
      return String.join(" ", List.of(a, b, c.toPlainString(), d.getTime(), e, f, g.length, h, i)
          .stream().map(String::valueOf).toList());
    }

    public java.time.LocalDate evaluate(java.time.LocalDate day, LongWritable more) {
      return day.plusDays(more.get());
    }

    public Text evaluate(Text text) {
      return text == null ? new Text("none") : new Text(text.toString().toUpperCase());
    }
  }

  public static class Dates extends UDF {
    public java.util.Date evaluate(java.util.Date moment, Long hours) {
      return new java.util.Date(moment.getTime() + hours * 3_600_000);
    }

    public List<Map<String, BigDecimal>> evaluate(BigDecimal number) {
      return List.of(new HashMap<>(Map.of("n", number)), new HashMap<>());
    }
  }

  @Resolve("struct<a:bigint,b:string>,string->struct<a:bigint,b:string>")
  public static class Nested extends UDF {
    public Struct evaluate(Struct given, String more) {
      Object sum = (Long) given.getFieldValue("a") + 1;
      String text = given.getFieldValue(1) + more;
      return new SimpleStruct(
          TypeInfoFactory.getStructTypeInfo(
              List.of("a", "b"), List.of(TypeInfoFactory.BIGINT, TypeInfoFactory.STRING)),
          List.of(sum, text));
    }
  }

  @Resolve("string->string,bigint")
  public static class Words extends UDTF {
    private long count;

    @Override
    public void process(Object[] given) throws UDFException {
      if (given[0] == null) return;
      for (String word : ((String) given[0]).split(" ")) {
        count += 1;
        forward(word, (long) word.length());
      }
    }
  }

  @Resolve("string->string,bigint")
  public static class Totals extends UDTF {
    private final Map<String, Long> totals = new HashMap<>();

    @Override
    public void process(Object[] given) {
      totals.merge((String) given[0], 1L, Long::sum);
    }

    @Override
    public void close() throws UDFException {
      for (Map.Entry<String, Long> one : totals.entrySet()) forward(one.getKey(), one.getValue());
    }
  }

  @Resolve("double->double")
  public static class Mean extends Aggregator {
    static class Sum implements Writable {
      double sum;
      long count;

      public void write(DataOutput out) throws IOException {
        out.writeDouble(sum);
        out.writeLong(count);
      }

      public void readFields(DataInput in) throws IOException {
        sum = in.readDouble();
        count = in.readLong();
      }
    }

    public Writable newBuffer() {
      return new Sum();
    }

    public void iterate(Writable buffer, Writable[] given) {
      if (given[0] == null) return;
      ((Sum) buffer).sum += ((DoubleWritable) given[0]).get();
      ((Sum) buffer).count += 1;
    }

    public void merge(Writable buffer, Writable partial) {
      ((Sum) buffer).sum += ((Sum) partial).sum;
      ((Sum) buffer).count += ((Sum) partial).count;
    }

    public Writable terminate(Writable buffer) {
      Sum sum = (Sum) buffer;
      return sum.count == 0 ? null : new DoubleWritable(sum.sum / sum.count);
    }
  }

  public static class Lookup extends UDF {
    private final List<String> words = new ArrayList<>();
    private String other;

    @Override
    public void setup(ExecutionContext context) throws IOException {
      try (InputStream file = context.readResourceFileAsStream("words.txt");
          BufferedReader lines = new BufferedReader(new InputStreamReader(file))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) words.add(line);
      }
      StringBuilder all = new StringBuilder();
      for (InputStream one : context.readCacheArchiveAsStream("pack.zip", "in")) {
        all.append(new String(one.readAllBytes()));
      }
      other = all + " " + context.readResourceFile("words.txt").length;
      context.getCounter("words", "read").increment(words.size());
    }

    public Long evaluate(String word) {
      int at = words.indexOf(word);
      return at < 0 ? null : (long) at;
    }

    public String evaluate() {
      return other;
    }
  }

  public static class Fails extends UDF {
    public Long evaluate(Long a) {
      if (a > 1) throw new IllegalStateException("secret " + a);
      return a;
    }

    public String evaluate(String table) {
      return String.valueOf(new Object[0][0]);
    }
  }

  public static class NoFunction {
    public Long evaluate(Long a) {
      return a;
    }
  }
}
