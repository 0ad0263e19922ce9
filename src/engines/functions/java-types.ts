/** What a class of MaxCompute's SDK is as a function, in Java: found by reflection, which runs none of its code. */
export const javaTypes = String.raw`
package bondstore;

import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.Varchar;
import com.aliyun.odps.io.BigDecimalWritable;
import com.aliyun.odps.io.BooleanWritable;
import com.aliyun.odps.io.ByteWritable;
import com.aliyun.odps.io.BytesWritable;
import com.aliyun.odps.io.DateWritable;
import com.aliyun.odps.io.DatetimeWritable;
import com.aliyun.odps.io.DoubleWritable;
import com.aliyun.odps.io.FloatWritable;
import com.aliyun.odps.io.IntWritable;
import com.aliyun.odps.io.LongWritable;
import com.aliyun.odps.io.ShortWritable;
import com.aliyun.odps.io.Text;
import com.aliyun.odps.io.TimestampWritable;
import com.aliyun.odps.udf.Aggregator;
import com.aliyun.odps.udf.UDF;
import com.aliyun.odps.udf.UDTF;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jdt.internal.compiler.classfmt.ClassFileReader;
import org.eclipse.jdt.internal.compiler.classfmt.ClassFormatException;
import org.eclipse.jdt.internal.compiler.env.IBinaryAnnotation;
import org.eclipse.jdt.internal.compiler.env.IBinaryElementValuePair;
import org.eclipse.jdt.internal.compiler.impl.Constant;

final class Types {
  private static final Map<Class<?>, String> SIMPLE = new HashMap<>();
  private static final String RESOLVE = "Lcom/aliyun/odps/udf/annotation/Resolve;";

  private static void of(String type, Class<?>... classes) {
    for (Class<?> one : classes) SIMPLE.put(one, type);
  }

  static {
    of("bigint", Long.class, LongWritable.class);
    of("int", Integer.class, IntWritable.class);
    of("smallint", Short.class, ShortWritable.class);
    of("tinyint", Byte.class, ByteWritable.class);
    of("double", Double.class, DoubleWritable.class);
    of("float", Float.class, FloatWritable.class);
    of("boolean", Boolean.class, BooleanWritable.class);
    of("decimal(38,18)", java.math.BigDecimal.class, BigDecimalWritable.class);
    of("string", String.class, Text.class);
    of("varchar(65535)", Varchar.class);
    of("char(255)", Char.class);
    of("binary", Binary.class, byte[].class, BytesWritable.class);
    of("datetime", java.util.Date.class, java.time.ZonedDateTime.class, DatetimeWritable.class);
    of("date", java.sql.Date.class, java.time.LocalDate.class, DateWritable.class);
    of("timestamp", java.sql.Timestamp.class, java.time.Instant.class, TimestampWritable.class);
    of("timestamp_ntz", java.time.LocalDateTime.class);
  }

  /** Undefined as null: the class is no function. */
  static String kindOf(Class<?> found) {
    if (UDTF.class.isAssignableFrom(found)) return "table";
    if (Aggregator.class.isAssignableFrom(found)) return "aggregate";
    return UDF.class.isAssignableFrom(found) ? "scalar" : null;
  }

  /** What @Resolve says, as it stands in the class's file: to ask the class runs code of its other annotations. */
  private static List<String> resolved(Class<?> found) {
    String name = found.getName().substring(found.getPackageName().length()).replace(".", "");
    List<String> told = new ArrayList<>();
    try (InputStream file = found.getResourceAsStream(name + ".class")) {
      IBinaryAnnotation[] all = file == null ? null : ClassFileReader.read(file, name).getAnnotations();
      for (IBinaryAnnotation one : all == null ? new IBinaryAnnotation[0] : all) {
        if (!new String(one.getTypeName()).equals(RESOLVE)) continue;
        for (IBinaryElementValuePair pair : one.getElementValuePairs()) {
          for (Object text : (Object[]) pair.getValue()) told.add(((Constant) text).stringValue());
        }
      }
    } catch (IOException | ClassFormatException error) {
      throw new IllegalStateException(error);
    }
    return told;
  }

  /** The signatures of a function, in the order of their texts, each with the method that it means. */
  static Map<String, Method> signatures(Class<?> found) {
    Map<String, Method> signatures = new TreeMap<>();
    if (!"scalar".equals(kindOf(found))) {
      for (String one : resolved(found)) signatures.put(one, null);
      return signatures;
    }
    for (Method method : found.getMethods()) {
      boolean callable = !method.isBridge() && !Modifier.isStatic(method.getModifiers());
      if (!method.getName().equals("evaluate") || !callable) continue;
      String signature = signatureOf(method, found);
      if (signature != null) signatures.put(signature, method);
    }
    return signatures;
  }

  /** By the method's types; where these do not say it (a Struct), by the annotation that has as many. */
  private static String signatureOf(Method method, Class<?> found) {
    Type[] types = method.getGenericParameterTypes();
    StringBuilder text = new StringBuilder();
    boolean known = true;
    for (int at = 0; at < types.length; at += 1) {
      boolean rest = method.isVarArgs() && at == types.length - 1;
      String type = textOf(rest ? method.getParameterTypes()[at].getComponentType() : types[at]);
      known &= type != null;
      text.append(at > 0 ? "," : "").append(type).append(rest ? "..." : "");
    }
    String result = textOf(method.getGenericReturnType());
    if (known && result != null) return text + "->" + result;
    for (String one : resolved(found)) {
      if (outerCount(one.substring(0, Math.max(0, one.indexOf("->")))) == types.length) return one;
    }
    return null;
  }

  private static String textOf(Type type) {
    if (type instanceof Class) return SIMPLE.get(type);
    if (!(type instanceof ParameterizedType)) return null;
    Type raw = ((ParameterizedType) type).getRawType();
    Type[] inner = ((ParameterizedType) type).getActualTypeArguments();
    String first = textOf(inner[0]);
    if (raw == List.class && first != null) return "array<" + first + ">";
    String second = inner.length > 1 ? textOf(inner[1]) : null;
    return raw == Map.class && first != null && second != null
        ? "map<" + first + "," + second + ">"
        : null;
  }

  /** How many types a list of them has. */
  private static int outerCount(String list) {
    int depth = 0;
    int count = list.trim().isEmpty() ? 0 : 1;
    for (char letter : list.toCharArray()) {
      if (letter == '<' || letter == '(') depth += 1;
      if (letter == '>' || letter == ')') depth -= 1;
      if (letter == ',' && depth == 0) count += 1;
    }
    return count;
  }
}
`;
