import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.flink.sql.parser.impl.FlinkSqlParserImplTokenManager;
import org.apache.flink.sql.parser.impl.SimpleCharStream;

/** Reads texts, a line of Base64 each, as Flink's SQL client does; prints what is left without blanks and comments. */
public final class FlinkTokens {
  private static final int BACKQUOTED_NAMES = 2;

  public static void main(String[] words) throws Exception {
    for (String line : Files.readAllLines(Path.of(words[0]))) {
      System.out.println(read(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8)));
    }
  }

  private static String read(String text) {
    StringBuilder found = new StringBuilder();
    try {
      var tokens = new FlinkSqlParserImplTokenManager(new SimpleCharStream(new StringReader(text)));
      tokens.SwitchTo(BACKQUOTED_NAMES);
      for (var token = tokens.getNextToken(); token.kind != 0; token = tokens.getNextToken()) {
        found.append(token.image);
      }
    } catch (Error refused) {
      return "refused";
    }
    byte[] bytes = found.toString().getBytes(StandardCharsets.UTF_8);
    return "=" + Base64.getEncoder().encodeToString(bytes);
  }
}
