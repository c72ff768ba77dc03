package io.impalabalancer.health.page;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads a page member by member, without making a tree of it. */
final class PageReader {
  private static final int SHOWN_CHARS = 40;
  private static final int MOST_LINE_CHARS = 400;
  private static final Pattern CONTROLS = Pattern.compile("\\p{Cntrl}+");

  /** Takes one member of an object: reads or skips its value. */
  interface Member {
    void read(String name) throws IOException;
  }

  private final JsonReader json;

  private PageReader(JsonReader json) {
    this.json = json;
  }

  /**
   * Reads a page that is one object.
   *
   * @param members makes what is told of each member, and must read or {@link #skip} its value
   * @throws PageException if it is no such page
   */
  static void read(byte[] page, Function<PageReader, Member> members) throws PageException {
    String text = new String(page, StandardCharsets.UTF_8);
    try (JsonReader json = new JsonReader(new StringReader(text))) {
      if (json.peek() != JsonToken.BEGIN_OBJECT) {
        throw notJson(text);
      }
      PageReader reader = new PageReader(json);
      reader.object(members.apply(reader));
    } catch (EOFException e) {
      throw new PageException(text.isBlank() ? "the page is empty" : "the page ends in the middle");
    } catch (MalformedJsonException | IllegalStateException e) {
      throw notJson(text);
    } catch (IOException e) {
      throw new IllegalStateException("a text can be read", e);
    }
  }

  private static PageException notJson(String text) {
    String begin = text.strip();
    begin = line(begin.substring(0, Math.min(begin.length(), SHOWN_CHARS)));
    return new PageException("the page is no JSON object, it begins with " + begin);
  }

  /** Reads an object; nothing else is told of. */
  void object(Member member) throws IOException {
    if (json.peek() != JsonToken.BEGIN_OBJECT) {
      json.skipValue();
      return;
    }
    json.beginObject();
    while (json.hasNext()) {
      member.read(json.nextName());
    }
    json.endObject();
  }

  /** Reads an array of objects; what is none is skipped. */
  void objects(Runnable begin, Member member, Runnable end) throws IOException {
    if (json.peek() != JsonToken.BEGIN_ARRAY) {
      json.skipValue();
      return;
    }
    json.beginArray();
    while (json.hasNext()) {
      if (json.peek() == JsonToken.BEGIN_OBJECT) {
        begin.run();
        object(member);
        end.run();
      } else {
        json.skipValue();
      }
    }
    json.endArray();
  }

  void skip() throws IOException {
    json.skipValue();
  }

  /** Reads a text or number as text, empty for anything else. */
  String text() throws IOException {
    return switch (json.peek()) {
      case STRING, NUMBER -> json.nextString();
      case BOOLEAN -> Boolean.toString(json.nextBoolean());
      default -> {
        json.skipValue();
        yield "";
      }
    };
  }

  /** Reads a text that is shown and logged: of one line, not long, and without double quotes. */
  String line() throws IOException {
    return line(text());
  }

  /** Makes a text fit to be shown and logged. */
  static String line(String text) {
    String cut = text.substring(0, Math.min(text.length(), MOST_LINE_CHARS));
    return CONTROLS.matcher(cut).replaceAll(" ").replace('"', '\'');
  }

  /** Reads whether something is so, null if it is not said. */
  @Nullable Boolean flag() throws IOException {
    String text = text();
    return switch (text) {
      case "true", "1" -> Boolean.TRUE;
      case "false", "0" -> Boolean.FALSE;
      default -> null;
    };
  }

  /** Returns the number that a text is, -1 if it is none or a negative one. */
  static long count(String text) {
    if (text.isEmpty()) {
      // What is missing is not worth an exception.
      return -1;
    }
    try {
      double number = Double.parseDouble(text);
      return number >= 0 && number <= Long.MAX_VALUE ? (long) number : -1;
    } catch (NumberFormatException none) {
      return -1;
    }
  }
}
