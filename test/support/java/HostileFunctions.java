import com.aliyun.odps.udf.UDF;
import com.aliyun.odps.udf.UDTF;
import com.aliyun.odps.udf.annotation.Resolve;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the code of a hostile user does, for attack tests of the warehouse. */
public class HostileFunctions {
  interface Try {
    Object run() throws Exception;
  }

  static String tried(Try... tries) {
    List<String> told = new ArrayList<>();
    for (Try one : tries) {
      try {
        told.add(String.valueOf(one.run()));
      } catch (Throwable error) {
        told.add(error.getClass().getSimpleName());
      }
    }
    return String.join(" ", told);
  }

  public static class Files_ extends UDF {
    public String evaluate(String root) throws IOException {
      List<String> skipped = List.of("/usr", "/lib", "/lib64", "/proc", "/dev", "/etc/ssl", "/etc/java-17-openjdk");
      TreeSet<String> found = new TreeSet<>();
      collect(new File(root), skipped, found);
      return String.join(" ", found);
    }

    private void collect(File at, List<String> skipped, TreeSet<String> found) {
      File[] inside = at.listFiles();
      if (inside == null) found.add(at.getPath());
      else for (File one : inside) if (!skipped.contains(one.getPath())) collect(one, skipped, found);
    }
  }

  public static class Around extends UDF {
    public String evaluate() throws IOException {
      try (Stream<Path> all = Files.list(Path.of("/proc"))) {
        return all.filter(one -> one.getFileName().toString().matches("\\d+"))
            .map(one -> tried(() -> new String(Files.readAllBytes(one.resolve("cmdline"))).replace('\0', ' ')))
            .collect(Collectors.joining(";"));
      }
    }

    public String evaluate(String what) {
      return what.equals("environment")
          ? String.join(" ", new TreeSet<>(System.getenv().keySet()))
          : tried(() -> new String(Files.readAllBytes(Path.of(what))));
    }
  }

  public static class Network extends UDF {
    public String evaluate(Long port) {
      List<InetSocketAddress> all = List.of(
          new InetSocketAddress("127.0.0.1", port.intValue()),
          new InetSocketAddress("1.1.1.1", 53),
          new InetSocketAddress("169.254.169.254", 80));
      List<String> told = new ArrayList<>();
      for (InetSocketAddress one : all) {
        told.add(tried(() -> {
          try (Socket socket = new Socket()) {
            socket.connect(one, 2000);
            return "reached";
          }
        }));
      }
      return String.join(" ", told);
    }
  }

  public static class Writes extends UDF {
    public String evaluate() {
      return Stream.of("/usr/x", "/cell/x", "/function/java/x", "/etc/passwd", "/proc/sys/kernel/hostname")
          .map(path -> tried(() -> {
            new FileOutputStream(path).close();
            return "written";
          }))
          .collect(Collectors.joining(" "));
    }
  }

  public static class State extends UDF {
    private static long seen;

    public String evaluate() throws IOException {
      seen += 1;
      Path kept = Path.of("/work/kept");
      String before = Files.exists(kept) ? "left" : "new";
      Files.writeString(kept, "x");
      return before + seen;
    }
  }

  public static class Attach extends UDF {
    public String evaluate() {
      long own = ProcessHandle.current().pid();
      return tried(
          () -> Class.forName("com.sun.tools.attach.VirtualMachine").getMethod("attach", String.class)
              .invoke(null, String.valueOf(own)),
          () -> new ProcessBuilder("/bin/sh", "-c", "id").start().waitFor(),
          () -> {
            Path library = Files.write(Path.of("/work/own.so"), new byte[] {1, 2, 3});
            System.load(library.toString());
            return "loaded";
          });
    }
  }

  public static class Endless extends UDF {
    public Long evaluate() {
      while (true) {}
    }
  }

  public static class Grows extends UDF {
    public Long evaluate() {
      List<byte[]> kept = new ArrayList<>();
      while (true) kept.add(new byte[50_000_000]);
    }
  }

  public static class Native extends UDF {
    public Long evaluate() throws Exception {
      Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
      while (true) unsafe.setMemory(unsafe.allocateMemory(50_000_000), 50_000_000, (byte) 1);
    }
  }

  public static class Crashes extends UDF {
    public Long evaluate() throws Exception {
      Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return ((sun.misc.Unsafe) field.get(null)).getLong(1);
    }
  }

  public static class Threads extends UDF {
    public Long evaluate() {
      while (true) {
        new Thread(() -> {
          while (true) {}
        }).start();
      }
    }
  }

  public static class Forks extends UDF {
    public Long evaluate() throws IOException {
      String java = System.getProperty("java.home") + "/bin/java";
      while (true) new ProcessBuilder(java, "-Xmx500m", "-version").start();
    }
  }

  public static class Exits extends UDF {
    public Long evaluate() {
      System.exit(0);
      return 1L;
    }
  }

  public static class Hooks extends UDF {
    public Long evaluate() {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        while (true) {}
      }));
      System.exit(0);
      return 1L;
    }
  }

  public static class Recurses extends UDF {
    public Long evaluate() {
      return evaluate() + 1;
    }
  }

  public static class Lies extends UDF {
    public Long evaluate() throws IOException {
      byte[] answer = {0, 0, 0, 5, 0, 'a', 'b', 'c', '\n'};
      for (int fd = 3; fd < 60; fd += 1) {
        int at = fd;
        tried(() -> {
          try (FileOutputStream file = new FileOutputStream("/proc/self/fd/" + at)) {
            file.write(answer);
          }
          return "";
        });
      }
      Runtime.getRuntime().halt(0);
      return 1L;
    }
  }

  public static class Fills extends UDF {
    public Long evaluate() throws IOException {
      try (FileOutputStream file = new FileOutputStream("/work/x")) {
        while (true) file.write(new byte[1_000_000]);
      }
    }
  }

  public static class Prints extends UDF {
    public String evaluate() {
      for (int at = 0; at < 1000; at += 1) System.out.println("printed words");
      System.err.println("printed words");
      return "x";
    }
  }

  /** A name that tells a value, and a place in a file that says another. */
  public static class Tells extends UDF {
    public Long evaluate(Long a) {
      RuntimeException error = new RuntimeException("secret " + a) {};
      error.setStackTrace(new StackTraceElement[] {
        new StackTraceElement("secret" + a, "secret" + a, "secret" + a, a.intValue()),
        new StackTraceElement("HostileFunctions$Tells", "secret" + a, "secret" + a, 70_000 + a.intValue()),
      });
      throw error;
    }
  }

  public static class Begins extends UDF {
    static {
      while (Math.abs(0) == 0) {}
    }

    public Long evaluate(Long a) {
      return a;
    }
  }

  /** To read all of a class's annotations begins those of its own, and what stands in them. */
  enum Ends {
    ENDS;

    static {
      while (Math.abs(0) == 0) {}
    }
  }

  @Retention(RetentionPolicy.RUNTIME)
  @interface Marked {
    Ends value();
  }

  @Marked(Ends.ENDS)
  public static class Annotated extends UDF {
    public Long evaluate(Long a) {
      return a;
    }
  }

  @Marked(Ends.ENDS)
  @Resolve("bigint->bigint")
  public static class Resolved extends UDTF {
    public void process(Object[] row) {}
  }

  public static class Made extends UDF {
    public Made() {
      Runtime.getRuntime().halt(3);
    }

    public Long evaluate() {
      return 1L;
    }
  }

  public static class Bombs extends UDF {
    public Long evaluate() throws Exception {
      try (var stream = Bombs.class.getResourceAsStream("/zeros")) {
        return (long) stream.readAllBytes().length;
      }
    }
  }
}
