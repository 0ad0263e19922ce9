/** How values come to a user's code, in Java: by the types of the function's signature. */
export const javaValues = String.raw`
package bondstore;

import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.SimpleStruct;
import com.aliyun.odps.data.Varchar;
import com.aliyun.odps.type.TypeInfo;
import com.aliyun.odps.type.TypeInfoFactory;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class Values {
  interface Convert {
    Object of(Object value);
  }

  static String kind(Map<?, ?> type) {
    return (String) type.get("kind");
  }

  static Map<?, ?> part(Map<?, ?> type, String name) {
    return (Map<?, ?>) type.get(name);
  }

  /** From JSON to the object that MaxCompute has for the type. */
  static Convert reader(Map<?, ?> type) {
    Convert convert = plainReader(type);
    return value -> value == null ? null : convert.of(value);
  }

  private static Convert plainReader(Map<?, ?> type) {
    switch (kind(type)) {
      case "tinyint":
        return value -> ((Long) value).byteValue();
      case "smallint":
        return value -> ((Long) value).shortValue();
      case "int":
        return value -> ((Long) value).intValue();
      case "double":
        return value -> number((String) value);
      case "float":
        return value -> (float) number((String) value);
      case "decimal":
        return value -> new BigDecimal((String) value);
      case "varchar":
        return value -> new Varchar((String) value);
      case "char":
        return value -> new Char((String) value);
      case "binary":
        return value -> new Binary(Base64.getMimeDecoder().decode((String) value));
      case "date":
        return value -> java.sql.Date.valueOf((String) value);
      case "datetime":
        return value -> new Date(Timestamp.valueOf((String) value).getTime());
      case "timestamp":
        return value -> Timestamp.valueOf((String) value);
      case "timestamp_ntz":
        return value -> LocalDateTime.parse(((String) value).replace(' ', 'T'));
      case "array":
        return arrayReader(reader(part(type, "element")));
      case "map":
        return mapReader(reader(part(type, "key")), reader(part(type, "value")));
      case "struct":
        return structReader(type);
      default:
        return value -> value;
    }
  }

  /** DuckDB's words for what is no number are not Java's. */
  private static double number(String text) {
    if (text.endsWith("inf")) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    return text.endsWith("nan") ? Double.NaN : Double.parseDouble(text);
  }

  private static Convert arrayReader(Convert element) {
    return value -> {
      List<Object> list = new ArrayList<>();
      for (Object one : (List<?>) value) list.add(element.of(one));
      return list;
    };
  }

  private static Convert mapReader(Convert key, Convert item) {
    return value -> {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Object one : (List<?>) value) {
        Map<?, ?> entry = (Map<?, ?>) one;
        map.put(key.of(entry.get("key")), item.of(entry.get("value")));
      }
      return map;
    };
  }

  private static Convert structReader(Map<?, ?> type) {
    List<String> names = new ArrayList<>();
    List<TypeInfo> types = new ArrayList<>();
    List<Convert> readers = new ArrayList<>();
    for (Object one : (List<?>) type.get("fields")) {
      Map<?, ?> field = (Map<?, ?>) one;
      names.add((String) field.get("name"));
      types.add(info(part(field, "type")));
      readers.add(reader(part(field, "type")));
    }
    return value -> {
      List<Object> fields = new ArrayList<>();
      for (int at = 0; at < names.size(); at += 1) {
        fields.add(readers.get(at).of(((Map<?, ?>) value).get("f" + at)));
      }
      return new SimpleStruct(TypeInfoFactory.getStructTypeInfo(names, types), fields);
    };
  }

  /** The type as the SDK has it. */
  static TypeInfo info(Map<?, ?> type) {
    switch (kind(type)) {
      case "array":
        return TypeInfoFactory.getArrayTypeInfo(info(part(type, "element")));
      case "map":
        return TypeInfoFactory.getMapTypeInfo(info(part(type, "key")), info(part(type, "value")));
      case "struct": {
        List<String> names = new ArrayList<>();
        List<TypeInfo> types = new ArrayList<>();
        for (Object one : (List<?>) type.get("fields")) {
          names.add((String) ((Map<?, ?>) one).get("name"));
          types.add(info(part((Map<?, ?>) one, "type")));
        }
        return TypeInfoFactory.getStructTypeInfo(names, types);
      }
      case "decimal": {
        int precision = ((Long) type.get("precision")).intValue();
        return TypeInfoFactory.getDecimalTypeInfo(precision, ((Long) type.get("scale")).intValue());
      }
      case "varchar":
        return TypeInfoFactory.getVarcharTypeInfo(((Long) type.get("length")).intValue());
      case "char":
        return TypeInfoFactory.getCharTypeInfo(((Long) type.get("length")).intValue());
      default:
        return TypeInfoFactory.getPrimitiveTypeInfo(
            com.aliyun.odps.OdpsType.valueOf(kind(type).toUpperCase()));
    }
  }

  /** As a method takes it that names another class for the type. */
  static Object as(Object value, Class<?> wanted) {
    if (value == null || wanted.isInstance(value)) return value;
    if (com.aliyun.odps.io.Writable.class.isAssignableFrom(wanted)) return Writables.wrap(value);
    if (wanted == byte[].class) return ((Binary) value).data();
    if (wanted == LocalDate.class) return ((java.sql.Date) value).toLocalDate();
    if (wanted == Instant.class) return ((Timestamp) value).toInstant();
    if (wanted == ZonedDateTime.class) {
      return ((Date) value).toInstant().atZone(ZoneId.systemDefault());
    }
    return value;
  }
}
`;
