/** How each kind of function is called with the values of a row. */
export const javaWork = String.raw`
package bondstore;

import com.aliyun.odps.io.Writable;
import com.aliyun.odps.udf.Aggregator;
import com.aliyun.odps.udf.ContextFunction;
import com.aliyun.odps.udf.UDTF;
import com.aliyun.odps.udf.UDTFCollector;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

interface Work {
  /** The results of one row: a list of one, or of as many rows as there are. */
  List<?> run(List<?> row) throws Throwable;

  static Work of(Class<?> found, Map<?, ?> setup, Context context) throws Throwable {
    Map<String, Method> signatures = Types.signatures(found);
    String signature = (String) setup.get("signature");
    if (!signatures.containsKey(signature)) throw new Runner.Refused("signature", null);
    boolean toldOfEnd = (Boolean) setup.get("closes") || !UDTF.class.isAssignableFrom(found);
    if (!toldOfEnd && found.getMethod("close").getDeclaringClass() != UDTF.class) {
      throw new Runner.Refused("close", null);
    }
    Object made = found.getConstructor().newInstance();
    ((ContextFunction) made).setup(context);
    List<Values.Convert> readers = new ArrayList<>();
    List<Values.Convert> writers = new ArrayList<>();
    for (Object type : (List<?>) setup.get("parameters")) readers.add(Values.reader((Map<?, ?>) type));
    for (Object type : (List<?>) setup.get("results")) writers.add(Results.writer((Map<?, ?>) type));
    if (made instanceof UDTF) return table((UDTF) made, readers, writers);
    if (made instanceof Aggregator) return aggregate((Aggregator) made, readers, writers.get(0));
    return scalar(made, signatures.get(signature), readers, writers.get(0));
  }

  static Object[] read(List<Values.Convert> readers, List<?> row) {
    Object[] values = new Object[readers.size()];
    for (int at = 0; at < values.length; at += 1) values[at] = readers.get(at).of(row.get(at));
    return values;
  }

  static Work scalar(Object made, Method method, List<Values.Convert> readers, Values.Convert writer) {
    // The class may be less visible than its method.
    method.setAccessible(true);
    Class<?>[] wanted = method.getParameterTypes();
    return row -> {
      Object[] values = read(readers, row);
      Object[] given = new Object[wanted.length];
      int fixed = wanted.length - (method.isVarArgs() ? 1 : 0);
      for (int at = 0; at < fixed; at += 1) given[at] = Values.as(values[at], wanted[at]);
      if (method.isVarArgs()) given[fixed] = rest(values, fixed, wanted[fixed].getComponentType());
      return Collections.singletonList(writer.of(method.invoke(made, given)));
    };
  }

  static Object rest(Object[] values, int from, Class<?> wanted) {
    Object rest = Array.newInstance(wanted, values.length - from);
    for (int at = from; at < values.length; at += 1) {
      Array.set(rest, at - from, Values.as(values[at], wanted));
    }
    return rest;
  }

  static Work table(UDTF made, List<Values.Convert> readers, List<Values.Convert> writers) {
    List<Object> rows = new ArrayList<>();
    // What is forwarded is written at once: the code may use the array again.
    made.setCollector(new UDTFCollector() {
      public void collect(Object[] values) {
        if (values.length != writers.size()) throw new Results.Wrong();
        rows.add(Results.row(writers, values));
      }
    });
    return row -> {
      rows.clear();
      if (row == null) made.close();
      else made.process(read(readers, row));
      return rows;
    };
  }

  static Work aggregate(Aggregator made, List<Values.Convert> readers, Values.Convert writer) {
    return rows -> {
      Writable buffer = made.newBuffer();
      for (Object row : rows) {
        Object[] values = read(readers, (List<?>) row);
        Writable[] given = new Writable[values.length];
        for (int at = 0; at < values.length; at += 1) given[at] = Writables.wrap(values[at]);
        made.iterate(buffer, given);
      }
      Writable merged = made.newBuffer();
      made.merge(merged, copied(buffer, made));
      return Collections.singletonList(writer.of(made.terminate(merged)));
    };
  }

  /** As MaxCompute hands a buffer from one process to another. */
  static Writable copied(Writable buffer, Aggregator made) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    buffer.write(new DataOutputStream(bytes));
    Writable copy = made.newBuffer();
    copy.readFields(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));
    return copy;
  }
}
`;
