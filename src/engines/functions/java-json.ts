/** Reads and writes JSON, in Java: what goes to a user's code and comes back is JSON, and Java has no reader of it. */
export const javaJson = String.raw`
package bondstore;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class Json {
  private static final int DEPTH_MAX = 500;

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object read(String text) {
    Json json = new Json(text);
    Object value = json.value(0);
    if (json.next() != 0) throw json.broken();
    return value;
  }

  private RuntimeException broken() {
    return new IllegalStateException("no JSON at " + at);
  }

  /** The next character that is no blank; 0 at the end. */
  private char next() {
    while (at < text.length() && text.charAt(at) <= ' ') at += 1;
    return at < text.length() ? text.charAt(at) : 0;
  }

  private boolean take(char wanted) {
    if (next() != wanted) return false;
    at += 1;
    return true;
  }

  private void expect(char wanted) {
    if (!take(wanted)) throw broken();
  }

  private Object value(int depth) {
    if (depth > DEPTH_MAX) throw broken();
    switch (next()) {
      case '"':
        return string();
      case '[':
        return list(depth);
      case '{':
        return map(depth);
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw broken();
    at += word.length();
    return value;
  }

  private Object number() {
    int start = at;
    boolean whole = true;
    for (; at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0; at += 1) {
      if (".eE".indexOf(text.charAt(at)) >= 0) whole = false;
    }
    String digits = text.substring(start, at);
    if (whole) return Long.valueOf(digits);
    return Double.valueOf(digits);
  }

  private String string() {
    expect('"');
    int end = at;
    while (text.charAt(end) != '"' && text.charAt(end) != '\\') end += 1;
    if (text.charAt(end) == '"') {
      String plain = text.substring(at, end);
      at = end + 1;
      return plain;
    }
    StringBuilder out = new StringBuilder();
    for (;;) {
      char letter = text.charAt(at++);
      if (letter == '"') return out.toString();
      out.append(letter == '\\' ? escaped(text.charAt(at++)) : letter);
    }
  }

  private char escaped(char letter) {
    switch (letter) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'u':
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
      default:
        return letter;
    }
  }

  private List<Object> list(int depth) {
    List<Object> list = new ArrayList<>();
    expect('[');
    if (take(']')) return list;
    do list.add(value(depth + 1));
    while (take(','));
    expect(']');
    return list;
  }

  private Map<String, Object> map(int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    expect('{');
    if (take('}')) return map;
    do {
      next();
      String name = string();
      expect(':');
      map.put(name, value(depth + 1));
    } while (take(','));
    expect('}');
    return map;
  }

  static void write(StringBuilder out, Object value) {
    if (value instanceof String) writeText(out, (String) value);
    else if (value instanceof List) writeList(out, (List<?>) value);
    else if (value instanceof Map) writeMap(out, (Map<?, ?>) value);
    else out.append(value);
  }

  private static void writeText(StringBuilder out, String text) {
    out.append('"');
    for (int at = 0; at < text.length(); at += 1) {
      char letter = text.charAt(at);
      if (letter == '"' || letter == '\\') out.append('\\').append(letter);
      else if (letter < ' ') out.append(String.format("\\u%04x", (int) letter));
      else out.append(letter);
    }
    out.append('"');
  }

  private static void writeList(StringBuilder out, List<?> list) {
    char before = '[';
    for (Object one : list) {
      out.append(before);
      write(out, one);
      before = ',';
    }
    out.append(list.isEmpty() ? "[]" : "]");
  }

  private static void writeMap(StringBuilder out, Map<?, ?> map) {
    char before = '{';
    for (Map.Entry<?, ?> one : map.entrySet()) {
      out.append(before);
      writeText(out, (String) one.getKey());
      out.append(':');
      write(out, one.getValue());
      before = ',';
    }
    out.append(map.isEmpty() ? "{}" : "}");
  }
}
`;
