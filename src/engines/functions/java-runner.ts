import { javaContext, javaWritables } from "./java-context.ts";
import { javaJson } from "./java-json.ts";
import { javaResults } from "./java-results.ts";
import { javaTypes } from "./java-types.ts";
import { javaValues } from "./java-values.ts";
import { javaWork } from "./java-work.ts";

/**
 * The program in the cell of one function in Java. It speaks as the one in Python does: a greeting, what the function
 * is made of, batch after batch. Asked what a class is, it answers without running any of its code.
 * INVARIANT: an error tells where something was raised, and never its words: these may hold values.
 */
const runner = String.raw`
package bondstore;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;

public final class Runner {
  private static final int FRAMES_MAX = 3;

  private final DataInputStream in;
  private final DataOutputStream out;
  private final int frameMax;
  private Map<?, ?> setup;

  private Runner(Socket link, int frameMax) throws IOException {
    in = new DataInputStream(link.getInputStream());
    out = new DataOutputStream(link.getOutputStream());
    this.frameMax = frameMax;
  }

  public static void main(String[] words) throws IOException {
    int port = Integer.parseInt(words[0]);
    Socket link;
    try (ServerSocket door = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      link = door.accept();
    }
    link.setTcpNoDelay(true);
    link.getOutputStream().write('+');
    try {
      new Runner(link, Integer.parseInt(words[1])).serve();
    } finally {
      // What a user's code has begun does not hold the end up.
      Runtime.getRuntime().halt(0);
    }
  }

  private byte[] take() throws IOException {
    int count = in.readInt();
    if (count < 0 || count > frameMax) throw new IOException("a frame is too long");
    byte[] bytes = new byte[count];
    in.readFully(bytes);
    return bytes;
  }

  private void give(int kind, byte[] bytes) throws IOException {
    byte[] frame = new byte[bytes.length + 1];
    frame[0] = (byte) kind;
    System.arraycopy(bytes, 0, frame, 1, bytes.length);
    out.writeInt(frame.length);
    out.write(frame);
    out.flush();
  }

  private void give(int kind, Object told) throws IOException {
    StringBuilder text = new StringBuilder();
    Json.write(text, told);
    give(kind, text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void serve() throws IOException {
    setup = (Map<?, ?>) Json.read(new String(take(), StandardCharsets.UTF_8));
    TimeZone.setDefault(TimeZone.getTimeZone((String) setup.get("timezone")));
    Path folder = Files.createDirectory(Path.of(System.getProperty("user.dir"), "function"));
    List<URL> jars = new ArrayList<>();
    for (Object one : (List<?>) setup.get("resources")) place(folder, (Map<?, ?>) one, jars);
    Work work;
    try {
      jars.add(folder.toUri().toURL());
      if (setup.get("source") != null) compile(folder);
      ClassLoader loader = new URLClassLoader(jars.toArray(new URL[0]));
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> found = find(loader);
      if (setup.get("kind") == null) {
        give(0, described(found));
        return;
      }
      work = Work.of(found, setup, new Context(folder, (List<?>) setup.get("tables")));
    } catch (Throwable error) {
      give(1, told(error));
      return;
    }
    give(0, new byte[0]);
    for (;;) {
      byte[] rows = take();
      byte[] answer;
      try {
        answer = answer(work, new String(rows, StandardCharsets.UTF_8));
      } catch (Throwable error) {
        give(1, told(error));
        return;
      }
      give(0, answer);
    }
  }

  private void place(Path folder, Map<?, ?> resource, List<URL> jars) throws IOException {
    Path path = folder.resolve((String) resource.get("name"));
    long left = (Long) resource.get("size");
    byte[] part = new byte[1 << 16];
    try (OutputStream file = Files.newOutputStream(path)) {
      for (; left > 0; ) {
        int count = in.read(part, 0, (int) Math.min(left, part.length));
        if (count < 0) throw new IOException("a resource ends early");
        file.write(part, 0, count);
        left -= count;
      }
    }
    jars.add(path.toUri().toURL());
  }

  /** Code of the statement itself. What the compiler says of it tells nothing but that code. */
  private void compile(Path folder) throws IOException, Refused {
    String name = (String) setup.get("className");
    Path file = folder.resolve("source").resolve(name.replaceAll("\\$.*", "").replace('.', '/') + ".java");
    Files.createDirectories(file.getParent());
    Files.writeString(file, (String) setup.get("source"));
    StringWriter said = new StringWriter();
    String[] words = {
      "-17", "-proc:none", "-nowarn", "-g", "-encoding", "UTF-8", "-d", folder.toString(),
      "-classpath", System.getProperty("java.class.path"), file.toString(),
    };
    PrintWriter writer = new PrintWriter(said);
    org.eclipse.jdt.core.compiler.CompilationProgress none = null;
    if (!org.eclipse.jdt.core.compiler.batch.BatchCompiler.compile(words, writer, writer, none)) {
      throw new Refused("compile", said.toString().replace(file.toString(), file.getFileName().toString()));
    }
  }

  private Class<?> find(ClassLoader loader) throws Refused {
    try {
      Class<?> found = Class.forName((String) setup.get("className"), false, loader);
      if (Types.kindOf(found) == null) throw new Refused("base", null);
      return found;
    } catch (ClassNotFoundException error) {
      throw new Refused("class", null);
    } catch (NoClassDefFoundError error) {
      throw new Refused("needs", null);
    }
  }

  private static Map<String, Object> described(Class<?> found) {
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("kind", Types.kindOf(found));
    about.put("signatures", new ArrayList<>(Types.signatures(found).keySet()));
    return about;
  }

  private byte[] answer(Work work, String rows) throws Throwable {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < rows.length(); ) {
      int end = rows.indexOf('\n', at);
      if (end < 0) end = rows.length();
      Json.write(text, work.run((List<?>) Json.read(rows.substring(at, end))));
      text.append('\n');
      if (text.length() >= frameMax) throw new Refused("size", null);
      at = end + 1;
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length >= frameMax) throw new Refused("size", null);
    return bytes;
  }

  private Map<String, Object> told(Throwable error) {
    while (error instanceof InvocationTargetException && error.getCause() != null) {
      error = error.getCause();
    }
    Map<String, Object> told = new LinkedHashMap<>();
    List<Object> frames = new ArrayList<>();
    told.put("frames", frames);
    if (error instanceof Results.Wrong) told.put("error", "result");
    else if (error instanceof Refused) {
      told.put("error", ((Refused) error).reason);
      if (((Refused) error).words != null) told.put("words", ((Refused) error).words);
    } else {
      told.put("error", "raised");
      told.put("type", error.getClass().getName());
      frames.addAll(framesOf(error));
    }
    return told;
  }

  private List<Object> framesOf(Throwable error) {
    String own = (String) setup.get("className");
    List<Object> frames = new ArrayList<>();
    for (StackTraceElement one : error.getStackTrace()) {
      boolean of = one.getClassName().equals(own) || one.getClassName().startsWith(own + "$");
      if (of && frames.size() < FRAMES_MAX) frames.add(List.of(own, (long) one.getLineNumber()));
    }
    return frames;
  }

  static final class Refused extends Exception {
    final String reason;
    final String words;

    Refused(String reason, String words) {
      this.reason = reason;
      this.words = words;
    }
  }
}
`;

/** The program's classes by their names: compiled when it is installed. */
export const javaProgram: Readonly<Record<string, string>> = {
  Context: javaContext,
  Json: javaJson,
  Results: javaResults,
  Runner: runner,
  Types: javaTypes,
  Values: javaValues,
  Work: javaWork,
  Writables: javaWritables,
};

/** The class that is started. */
export const javaMain = "bondstore.Runner";
