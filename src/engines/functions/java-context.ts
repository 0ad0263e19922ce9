/** What MaxCompute's SDK has beside values, in Java: buffers of aggregates, and what a function may ask about itself. */
export const javaWritables = String.raw`
package bondstore;

import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.Struct;
import com.aliyun.odps.data.Varchar;
import com.aliyun.odps.io.*;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;

final class Writables {
  static Writable wrap(Object value) {
    if (value == null || value instanceof Writable) return (Writable) value;
    if (value instanceof Long) return new LongWritable((Long) value);
    if (value instanceof Integer) return new IntWritable((Integer) value);
    if (value instanceof Short) return new ShortWritable((Short) value);
    if (value instanceof Byte) return new ByteWritable((Byte) value);
    if (value instanceof Double) return new DoubleWritable((Double) value);
    if (value instanceof Float) return new FloatWritable((Float) value);
    if (value instanceof Boolean) return new BooleanWritable((Boolean) value);
    if (value instanceof String) return new Text((String) value);
    if (value instanceof BigDecimal) return new BigDecimalWritable((BigDecimal) value);
    if (value instanceof Varchar) return new VarcharWritable((Varchar) value);
    if (value instanceof Char) return new CharWritable((Char) value);
    if (value instanceof Binary) return new BytesWritable(((Binary) value).data());
    return wrapMore(value);
  }

  private static Writable wrapMore(Object value) {
    if (value instanceof java.sql.Timestamp) {
      TimestampWritable moment = new TimestampWritable();
      moment.setTimestamp((java.sql.Timestamp) value);
      return moment;
    }
    if (value instanceof java.sql.Date) return new DateWritable(((Date) value).getTime());
    if (value instanceof Date) return new DatetimeWritable(((Date) value).getTime());
    if (value instanceof java.time.LocalDateTime) {
      return new TimestampNtzWritable((java.time.LocalDateTime) value);
    }
    if (value instanceof Struct) return new StructWritable(list(((Struct) value).getFieldValues()));
    if (value instanceof List) {
      return new ArrayWritable(Writable.class, list((List<?>) value).toArray(new Writable[0]));
    }
    MapWritable map = new MapWritable();
    for (Map.Entry<?, ?> one : ((Map<?, ?>) value).entrySet()) {
      map.put(wrap(one.getKey()), wrap(one.getValue()));
    }
    return map;
  }

  private static List<Writable> list(List<?> values) {
    List<Writable> list = new ArrayList<>();
    for (Object one : values) list.add(wrap(one));
    return list;
  }

  /** The object that a Writable holds; anything else is itself. */
  static Object unwrap(Object value) {
    if (!(value instanceof Writable)) return value;
    if (value instanceof NullWritable) return null;
    if (value instanceof LongWritable) return ((LongWritable) value).get();
    if (value instanceof IntWritable) return ((IntWritable) value).get();
    if (value instanceof ShortWritable) return ((ShortWritable) value).get();
    if (value instanceof ByteWritable) return ((ByteWritable) value).get();
    if (value instanceof DoubleWritable) return ((DoubleWritable) value).get();
    if (value instanceof FloatWritable) return ((FloatWritable) value).get();
    if (value instanceof BooleanWritable) return ((BooleanWritable) value).get();
    if (value instanceof Text) return value.toString();
    if (value instanceof BigDecimalWritable) return ((BigDecimalWritable) value).get();
    if (value instanceof BytesWritable) {
      BytesWritable bytes = (BytesWritable) value;
      return Arrays.copyOf(bytes.getBytes(), bytes.getLength());
    }
    if (value instanceof DateWritable) return ((DateWritable) value).getDate();
    if (value instanceof DatetimeWritable) return ((DatetimeWritable) value).getDatetime();
    if (value instanceof TimestampWritable) return ((TimestampWritable) value).getTimestamp();
    if (value instanceof TimestampNtzWritable) return ((TimestampNtzWritable) value).get();
    if (value instanceof ArrayWritable) return Arrays.asList(((ArrayWritable) value).get());
    return value instanceof StructWritable ? ((StructWritable) value).get() : value;
  }
}
`;

/** What a function may ask about itself, in Java: its resources, and no more. */
export const javaContext = String.raw`
package bondstore;

import com.aliyun.odps.counter.Counter;
import com.aliyun.odps.counter.Counters;
import com.aliyun.odps.data.VolumeInfo;
import com.aliyun.odps.udf.ExecutionContext;
import com.aliyun.odps.volume.FileSystem;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

final class Context extends ExecutionContext {
  private final Path folder;
  private final Counters own = new Counters();
  private final Map<String, List<Values.Convert>> tables = new HashMap<>();

  Context(Path folder, List<?> told) {
    this.folder = folder;
    for (Object one : told) {
      List<Values.Convert> readers = new ArrayList<>();
      for (Object type : (List<?>) ((Map<?, ?>) one).get("columns")) {
        readers.add(Values.reader((Map<?, ?>) type));
      }
      tables.put((String) ((Map<?, ?>) one).get("name"), readers);
    }
  }

  private Path find(String name) throws IOException {
    Path path = folder.resolve(Path.of(name).getFileName());
    if (!Files.isRegularFile(path)) {
      throw new FileNotFoundException("the function has no resource " + name);
    }
    return path;
  }

  public void claimAlive() {}

  public Counter getCounter(Enum<?> name) {
    return own.findCounter(name);
  }

  public Counter getCounter(String group, String name) {
    return own.findCounter(group, name);
  }

  public BufferedInputStream readResourceFileAsStream(String name) throws IOException {
    return new BufferedInputStream(Files.newInputStream(find(name)));
  }

  public byte[] readResourceFile(String name) throws IOException {
    return Files.readAllBytes(find(name));
  }

  public Iterable<BufferedInputStream> readCacheArchiveAsStream(String name) throws IOException {
    return readCacheArchiveAsStream(name, "");
  }

  /** Of a zip or jar; other archives are not built. */
  public Iterable<BufferedInputStream> readCacheArchiveAsStream(String name, String inside)
      throws IOException {
    if (!name.endsWith(".zip") && !name.endsWith(".jar")) throw notBuilt("archives but .zip and .jar");
    String below = inside.replaceFirst("^(\\./|/)+", "").replaceFirst("^\\.$", "");
    List<BufferedInputStream> found = new ArrayList<>();
    try (ZipInputStream archive = new ZipInputStream(readResourceFileAsStream(name))) {
      for (ZipEntry one = archive.getNextEntry(); one != null; one = archive.getNextEntry()) {
        if (one.isDirectory() || !one.getName().startsWith(below)) continue;
        found.add(new BufferedInputStream(new ByteArrayInputStream(archive.readAllBytes())));
      }
    }
    return found;
  }

  private static UnsupportedOperationException notBuilt(String what) {
    return new UnsupportedOperationException(what + " are not built in this Bondstore");
  }

  /** Each time from the first row; a value is as it would be as an argument. */
  public Iterable<Object[]> readResourceTable(String name) throws IOException {
    Path path = find(name);
    List<Values.Convert> readers = tables.get(path.getFileName().toString());
    if (readers == null) throw new FileNotFoundException("the function has no table " + name);
    return () -> {
      try {
        return Files.lines(path).map(line -> row(line, readers)).iterator();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    };
  }

  private static Object[] row(String line, List<Values.Convert> readers) {
    boolean quoted = line.startsWith("\"");
    String json = quoted ? line.substring(1, line.length() - 1).replace("\"\"", "\"") : line;
    return Work.read(readers, (List<?>) Json.read(json));
  }

  public VolumeInfo getInputVolumeInfo() {
    throw notBuilt("volumes");
  }

  public VolumeInfo getInputVolumeInfo(String name) {
    throw notBuilt("volumes");
  }

  public VolumeInfo getOutputVolumeInfo() {
    throw notBuilt("volumes");
  }

  public VolumeInfo getOutputVolumeInfo(String name) {
    throw notBuilt("volumes");
  }

  public FileSystem getInputVolumeFileSystem() {
    throw notBuilt("volumes");
  }

  public FileSystem getInputVolumeFileSystem(String name) {
    throw notBuilt("volumes");
  }

  public FileSystem getOutputVolumeFileSystem() {
    throw notBuilt("volumes");
  }

  public FileSystem getOutputVolumeFileSystem(String name) {
    throw notBuilt("volumes");
  }

  public FileSystem getTempFileSystem() {
    throw notBuilt("volumes");
  }

  public Properties getConfigurations() {
    return new Properties();
  }
}
`;
