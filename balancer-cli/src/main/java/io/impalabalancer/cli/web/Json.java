package io.impalabalancer.cli.web;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON in and out, by Gson's streams. */
final class Json {

  /** Writes something. */
  interface Body {
    void write(JsonWriter json) throws IOException;
  }

  private Json() {}

  /** Returns an object of what is written into it. */
  static String object(Body body) {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject();
      body.write(json);
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  /**
   * Reads an object of texts, numbers and booleans, each as a text.
   *
   * @throws IllegalArgumentException if it is something else or has another key; for people
   */
  static Map<String, String> read(String text, List<String> keys) {
    Map<String, String> values = new LinkedHashMap<>();
    String expected = "expected a JSON object with " + String.join(", ", keys);
    try (JsonReader json = new JsonReader(new StringReader(text))) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      while (json.hasNext()) {
        String key = json.nextName();
        if (!keys.contains(key)) {
          throw new IllegalArgumentException("unknown key \"" + key + "\", " + expected);
        }
        values.put(
            key,
            json.peek() == JsonToken.BOOLEAN
                ? Boolean.toString(json.nextBoolean())
                : json.nextString());
      }
      json.endObject();
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("more than one value, " + expected);
      }
      return values;
    } catch (MalformedJsonException | IllegalStateException | java.io.EOFException e) {
      throw new IllegalArgumentException("no valid JSON, " + expected, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
