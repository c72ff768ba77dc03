package io.impalabalancer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminServerTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final CountDownLatch slowPage = new CountDownLatch(1);
  private AdminServer server;

  @BeforeEach
  void open() throws IOException {
    server = AdminServer.open(loop, ANY_PORT, pages());
  }

  @AfterEach
  void close() {
    slowPage.countDown();
    server.close();
    loop.shutdownGracefully(0, 5, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private Map<String, Page.Maker> pages() {
    return Map.of(
        "/healthz",
        accept -> Page.plain(200, "OK"),
        "/readyz",
        accept -> Page.plain(503, "not ready: starting"),
        "/slow",
        accept -> {
          awaitSlowPage();
          return Page.plain(200, "slow");
        },
        "/defect",
        accept -> {
          throw new IllegalStateException("a defect");
        });
  }

  private void awaitSlowPage() {
    try {
      slowPage.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aPageIsAnswered() throws IOException {
    assertThat(ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("content-type: text/plain; charset=utf-8")
        .contains("cache-control: no-store")
        .endsWith("\r\n\r\nOK\n");
  }

  @Test
  void thePagesStatusIsTheAnswers() throws IOException {
    assertThat(ask("GET /readyz HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 503 ")
        .endsWith("\r\n\r\nnot ready: starting\n");
  }

  @Test
  void theQueryDoesNotChangeThePage() throws IOException {
    assertThat(ask("GET /healthz?x=%zz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void headHasTheLengthAndNoBody() throws IOException {
    assertThat(ask("HEAD /healthz HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ")
        .contains("content-length: 3\r\n")
        .endsWith("\r\n\r\n");
  }

  @Test
  void anUnknownPathIs404() throws IOException {
    assertThat(ask("GET /nothing HTTP/1.0\r\n\r\n"))
        .startsWith("HTTP/1.1 404 ")
        .contains("listed at /");
  }

  @Test
  void anotherMethodIs405AndSaysWhichAreAllowed() throws IOException {
    assertThat(ask("POST /healthz HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"))
        .startsWith("HTTP/1.1 405 ")
        .contains("allow: GET, HEAD");
  }

  @Test
  void aDefectOfAPageIs500AndTheServerLives() throws IOException {
    assertThat(ask("GET /defect HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 500 ");
    assertThat(ask("GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void whatIsNotHttpIs400AndTheConnectionEnds() throws IOException {
    assertThat(ask("\u0001\u0000\u0000\u0000\u0005PLAIN\r\n\r\n")).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void aLongRequestIsRefusedAndTheConnectionEnds() throws IOException {
    assertThat(ask("GET /" + "a".repeat(5000) + " HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 414 ");
    assertThat(ask("GET / HTTP/1.1\r\nX: " + "a".repeat(20000) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431 ");
    assertThat(ask("GET / HTTP/1.0\r\nContent-Length: 100000\r\n\r\n")).startsWith("HTTP/1.1 413 ");
  }

  @Test
  void aRequestInManyPiecesIsAnswered() throws IOException {
    try (Socket client = connect()) {
      send(client, "GET /healthz HTTP/1.1\r\nX: " + "a".repeat(10_000));
      send(client, "\r\nConnection: ");
      send(client, "close\r\n\r\n");
      assertThat(read(client)).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void requestsOfOneConnectionAreAnsweredInOrder() throws IOException {
    String answers =
        ask(
            """
            GET /readyz HTTP/1.1

            GET /healthz HTTP/1.1

            GET /nothing HTTP/1.1
            Connection: close

            """
                .replace("\n", "\r\n"));
    assertThat(answers.split("HTTP/1.1 ", -1))
        .hasSize(4)
        .satisfies(parts -> assertThat(parts[1]).startsWith("503"))
        .satisfies(parts -> assertThat(parts[2]).startsWith("200"))
        .satisfies(parts -> assertThat(parts[3]).startsWith("404"));
  }

  @Test
  void aPageThatTakesLongDoesNotHoldTheLoop() throws IOException {
    try (Socket slow = connect()) {
      send(slow, "GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n");
      assertThat(ask("GET /nothing HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 404 ");
      slowPage.countDown();
      assertThat(read(slow)).endsWith("slow\n");
    }
  }

  @Test
  void aClientThatSendsNoWholeRequestIsClosedAtTheDeadline() throws IOException {
    try (AdminServer impatient = AdminServer.open(loop, ANY_PORT, pages(), Duration.ofMillis(100));
        Socket client =
            new Socket(impatient.address().getAddress(), impatient.address().getPort())) {
      send(client, "GET /healthz HT");
      assertThat(read(client)).isEmpty();
    }
  }

  @Test
  void aboveTheMostConnectionsOneIsClosedAndAPlaceThatIsLeftIsTaken() throws IOException {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < AdminServer.MAX_CONNECTIONS; i++) {
        idle.add(connect());
      }
      try (Socket surplus = connect()) {
        assertThat(read(surplus)).isEmpty();
      }
      idle.remove(0).close();
      await()
          .ignoreExceptions()
          .untilAsserted(
              () -> assertThat(ask("GET /healthz HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 "));
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  @Test
  void anAddressInUseIsNamed() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      InetSocketAddress taken = (InetSocketAddress) other.getLocalSocketAddress();
      assertThatThrownBy(() -> AdminServer.open(loop, taken, pages()))
          .isInstanceOf(BindException.class)
          .hasMessageStartingWith("stats: cannot bind 127.0.0.1:" + taken.getPort() + ": ");
    }
  }

  private String ask(String request) throws IOException {
    try (Socket socket = connect()) {
      send(socket, request);
      return read(socket);
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(server.address().getAddress(), server.address().getPort());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads to the end. */
  private static String read(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }
}
