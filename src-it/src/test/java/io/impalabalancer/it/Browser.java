package io.impalabalancer.it;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Headless Chromium with one page, driven by its DevTools protocol. */
final class Browser implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://([^/]+)/");

  private final ChildProcess process;
  private final WebSocket socket;
  private final Map<Integer, CompletableFuture<JsonObject>> answers;
  private final AtomicInteger ids = new AtomicInteger();

  private Browser(
      ChildProcess process, WebSocket socket, Map<Integer, CompletableFuture<JsonObject>> answers) {
    this.process = process;
    this.socket = socket;
    this.answers = answers;
  }

  /** Starts one with an empty page of that size, or skips the test if there is no Chromium. */
  static Browser start(int width, int height) throws Exception {
    Path program = Requirement.of(onPath(), "chromium (Debian's package chromium)");
    Path directory = ChildProcess.newDirectory("chromium");
    ChildProcess process =
        ChildProcess.start(
            "chromium",
            directory,
            Map.of("HOME", directory.toString()),
            List.of(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + directory.resolve("profile"),
                "--window-size=" + width + "," + height,
                "--remote-debugging-port=0",
                "about:blank"));
    try {
      String line =
          process
              .awaitLine("its port", each -> LISTENING.matcher(each.text()).find(), TIMEOUT)
              .text();
      Matcher matcher = LISTENING.matcher(line);
      if (!matcher.find()) {
        throw new AssertionError(line);
      }
      HttpClient http = HttpClient.newHttpClient();
      HttpResponse<String> page =
          http.send(
              HttpRequest.newBuilder(URI.create("http://" + matcher.group(1) + "/json/new"))
                  .PUT(HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      String address =
          JsonParser.parseString(page.body())
              .getAsJsonObject()
              .get("webSocketDebuggerUrl")
              .getAsString();
      Map<Integer, CompletableFuture<JsonObject>> answers = new ConcurrentHashMap<>();
      WebSocket socket =
          http.newWebSocketBuilder()
              .buildAsync(URI.create(address), new Answers(answers))
              .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      Browser browser = new Browser(process, socket, answers);
      browser.call("Page.enable", new JsonObject());
      browser.call("Network.enable", new JsonObject());
      return browser;
    } catch (Exception | AssertionError e) {
      process.close();
      throw e;
    }
  }

  private static Optional<Path> onPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .map(directory -> Path.of(directory, "chromium"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Gives each answer to whoever called. */
  private record Answers(Map<Integer, CompletableFuture<JsonObject>> waiting, StringBuilder part)
      implements WebSocket.Listener {

    Answers(Map<Integer, CompletableFuture<JsonObject>> waiting) {
      this(waiting, new StringBuilder());
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
      part.append(text);
      if (last) {
        JsonObject message = JsonParser.parseString(part.toString()).getAsJsonObject();
        part.setLength(0);
        if (message.has("id")) {
          CompletableFuture<JsonObject> answer = waiting.remove(message.get("id").getAsInt());
          if (answer != null) {
            answer.complete(message);
          }
        }
      }
      socket.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }

  private JsonObject call(String method, JsonObject parameters) throws Exception {
    int id = ids.incrementAndGet();
    JsonObject message = new JsonObject();
    message.addProperty("id", id);
    message.addProperty("method", method);
    message.add("params", parameters);
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    answers.put(id, answer);
    socket.sendText(message.toString(), true).get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    JsonObject answered = answer.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    if (answered.has("error")) {
      throw new AssertionError(method + ": " + answered.get("error"));
    }
    return answered.getAsJsonObject("result");
  }

  /** Logs in at every request from now on. */
  void login(String name, String password) throws Exception {
    String login = name + ":" + password;
    JsonObject headers = new JsonObject();
    headers.addProperty(
        "Authorization",
        "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
    JsonObject parameters = new JsonObject();
    parameters.add("headers", headers);
    call("Network.setExtraHTTPHeaders", parameters);
  }

  /** Gives pages a screen of another size. */
  void resize(int width, int height) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("width", width);
    parameters.addProperty("height", height);
    parameters.addProperty("deviceScaleFactor", 1);
    parameters.addProperty("mobile", false);
    call("Emulation.setDeviceMetricsOverride", parameters);
  }

  /** Opens an address. */
  void open(String url) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("url", url);
    call("Page.navigate", parameters);
  }

  /** Returns what a script's expression, or its promise, gives, as a text; empty for nothing. */
  String evaluate(String expression) throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("expression", expression);
    parameters.addProperty("returnByValue", true);
    parameters.addProperty("awaitPromise", true);
    JsonObject result = call("Runtime.evaluate", parameters);
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    JsonElement value = result.getAsJsonObject("result").get("value");
    return value == null || value.isJsonNull() ? "" : value.getAsString();
  }

  /** Clicks the middle of the first element that a selector finds, as a mouse does. */
  void click(String selector) throws Exception {
    String[] at =
        evaluate(
                """
                (() => { const e = document.querySelector(%s); e.scrollIntoView({block: "center"});
                  const b = e.getBoundingClientRect();
                  return `${b.x + b.width / 2} ${b.y + b.height / 2}`; })()
                """
                    .formatted(quoted(selector)))
            .split(" ", -1);
    for (String type : List.of("mousePressed", "mouseReleased")) {
      JsonObject parameters = new JsonObject();
      parameters.addProperty("type", type);
      parameters.addProperty("button", "left");
      parameters.addProperty("clickCount", 1);
      parameters.addProperty("x", Double.valueOf(at[0]));
      parameters.addProperty("y", Double.valueOf(at[1]));
      call("Input.dispatchMouseEvent", parameters);
    }
  }

  /** Presses a key that writes something, such as {@code Enter}. */
  void press(String key, int code, String text) throws Exception {
    for (String type : List.of("keyDown", "keyUp")) {
      JsonObject parameters = new JsonObject();
      parameters.addProperty("type", type);
      parameters.addProperty("key", key);
      parameters.addProperty("code", key);
      parameters.addProperty("windowsVirtualKeyCode", code);
      if (type.equals("keyDown")) {
        parameters.addProperty("text", text);
      }
      call("Input.dispatchKeyEvent", parameters);
    }
  }

  static String quoted(String text) {
    return new com.google.gson.JsonPrimitive(text).toString();
  }

  /** Has pages believe that the user wants {@code light} or {@code dark}. */
  void preferColorScheme(String scheme) throws Exception {
    JsonObject feature = new JsonObject();
    feature.addProperty("name", "prefers-color-scheme");
    feature.addProperty("value", scheme);
    com.google.gson.JsonArray features = new com.google.gson.JsonArray();
    features.add(feature);
    JsonObject parameters = new JsonObject();
    parameters.add("features", features);
    call("Emulation.setEmulatedMedia", parameters);
  }

  /** Returns a picture of the page, as PNG. */
  byte[] screenshot() throws Exception {
    JsonObject parameters = new JsonObject();
    parameters.addProperty("format", "png");
    return Base64.getDecoder()
        .decode(call("Page.captureScreenshot", parameters).get("data").getAsString());
  }

  @Override
  public void close() {
    socket.abort();
    process.close();
  }
}
