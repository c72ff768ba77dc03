package io.impalabalancer.cli.ctl;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.impalabalancer.core.Member;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The API of a balancer's web port as its client, in the name of one of its users. */
final class WebPort {
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final int PORT = 25002;

  private final String api;
  private final String login;

  /**
   * Makes one.
   *
   * @param host as {@link #base} takes it
   */
  WebPort(String host, String user, String password) {
    api = base(host) + "/api/v1";
    login = "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
  }

  /** Returns the URL of a web port: of {@code HOST}, {@code HOST:PORT} or such a URL. */
  static String base(String host) {
    if (host.startsWith("http://") || host.startsWith("https://")) {
      return host.replaceFirst("/+$", "");
    }
    boolean ipv6 = host.indexOf(':') != host.lastIndexOf(':') && !host.startsWith("[");
    boolean hasPort = !ipv6 && host.matches(".*:\\d+");
    return "http://" + (ipv6 ? "[" + host + "]" : host) + (hasPort ? "" : ":" + PORT);
  }

  /** The balancer has answered that it does not do what was asked. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String answer) {
      super(answer);
    }
  }

  /** Sets the state of a coordinator; returns what is so now. */
  String setState(String coordinator, String state) throws IOException {
    JsonObject body = new JsonObject();
    body.addProperty("state", state);
    JsonObject now = call(path(coordinator) + "/state", body).getAsJsonObject("coordinator");
    return "%s is in state %s now."
        .formatted(coordinator, now.getAsJsonObject("admin").get("value").getAsString());
  }

  /**
   * Sets the weight of a member; returns what is so now.
   *
   * @param member {@code listener/name}, the name being an alias or the coordinator's
   * @param weight a number, or a percentage of the configured weight
   */
  String setWeight(String member, String weight) throws IOException {
    int slash = member.indexOf('/');
    String listener = member.substring(0, Math.max(0, slash));
    String name = member.substring(slash + 1);
    JsonElement pool = null;
    for (JsonElement each : call("/listeners", null).getAsJsonArray("listeners")) {
      if (is(each, "name", listener)) {
        pool = each.getAsJsonObject().get("pool");
      }
    }
    if (pool == null) {
      throw new Refused("there is no listener \"" + listener + "\"; expected LISTENER/NAME");
    }
    for (JsonElement each : call("/coordinators", null).getAsJsonArray("coordinators")) {
      JsonObject coordinator = each.getAsJsonObject();
      for (JsonElement held : coordinator.getAsJsonArray("weights")) {
        if (is(held, "pool", pool.getAsString()) && isMember(coordinator, listener, name)) {
          int configured = held.getAsJsonObject().get("configured").getAsInt();
          JsonObject body = new JsonObject();
          body.addProperty("weight", weight(weight, configured));
          body.add("pool", pool);
          String path = path(coordinator.get("name").getAsString());
          call(path + "/weight", body);
          return "The weight of %s is %s now.".formatted(member, body.get("weight").getAsString());
        }
      }
    }
    throw new Refused("there is no coordinator \"" + name + "\" in listener \"" + listener + "\"");
  }

  private static boolean isMember(JsonObject coordinator, String listener, String name) {
    for (JsonElement each : coordinator.getAsJsonArray("listeners")) {
      if (is(each, "listener", listener)) {
        return is(each, "alias", name) || is(coordinator, "name", name);
      }
    }
    return false;
  }

  private static boolean is(JsonElement object, String key, String value) {
    return object.getAsJsonObject().get(key).getAsString().equals(value);
  }

  /** Returns the weight that is meant; the balancer judges what is no number. */
  private static String weight(String text, int configured) {
    return text.matches("\\d{1,5}%")
        ? Integer.toString(
            Math.min(Member.WEIGHT_MAX, configured * Integer.parseInt(text.replace("%", "")) / 100))
        : text;
  }

  /** Returns the sessions of a coordinator. */
  long sessions(String coordinator) throws IOException {
    JsonObject now = call(path(coordinator), null).getAsJsonObject("coordinator");
    return now.get("sessions").getAsLong();
  }

  private static String path(String coordinator) {
    return "/coordinators/" + URLEncoder.encode(coordinator, UTF_8);
  }

  /**
   * Gets a path, or posts to it if there is a body.
   *
   * @throws Refused with what it says, if it answers anything but what was asked for
   */
  private JsonObject call(String path, @Nullable JsonObject body) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(api + path).toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    connection.setInstanceFollowRedirects(false);
    connection.setRequestProperty("Authorization", login);
    connection.setRequestProperty("X-Requested-With", "impala-balancer ctl");
    try {
      if (body != null) {
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.toString().getBytes(UTF_8));
      }
      int status = connection.getResponseCode();
      InputStream answer = status < 400 ? connection.getInputStream() : connection.getErrorStream();
      String text = answer == null ? "" : new String(answer.readAllBytes(), UTF_8).strip();
      if (status != 200) {
        throw new Refused(text.isEmpty() ? "it answered with HTTP status " + status : text);
      }
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new Refused("what answers there is no balancer's web port");
    } finally {
      connection.disconnect();
    }
  }
}
