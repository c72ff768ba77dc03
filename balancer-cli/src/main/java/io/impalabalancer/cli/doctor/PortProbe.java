package io.impalabalancer.cli.doctor;

import io.impalabalancer.cli.doctor.PortFacts.Answer;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Finds out what a client port speaks, as a client that never logs in: a call of a method that
 * nobody has, a SASL START of each mechanism, a TLS handshake. Impala logs a failed setup for each
 * connection (facts: {@code be/src/rpc/TAcceptQueueServer.cpp}); at most six are made. Blocks its
 * thread.
 */
final class PortProbe {
  private static final int SASL_START = 1;
  private static final int SASL_BAD = 3;
  private static final int SASL_ERROR = 4;
  private static final int SASL_COMPLETE = 5;
  private static final int THRIFT = 0x80;
  private static final int TLS_ALERT = 0x15;
  private static final int MOST_SASL_BYTES = 64 * 1024;
  private static final int MOST_HEAD_BYTES = 16 * 1024;

  /** A server that knows a mechanism says nothing until the client goes on: how long that is. */
  private static final Duration SASL_PAUSE = Duration.ofSeconds(1);

  private static final Duration SLACK = Duration.ofSeconds(2);

  /** Ends connections whose other side drips: to wait for each byte anew would never end. */
  private static final ScheduledExecutorService CLOSER =
      Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("doctor-closer", true));

  private final InetSocketAddress address;
  private final int timeoutMillis;
  private volatile boolean dripped;
  private Optional<X509Certificate> certificate = Optional.empty();

  PortProbe(InetSocketAddress address, Duration timeout) {
    this.address = address;
    this.timeoutMillis = Math.toIntExact(timeout.toMillis());
  }

  /** Returns what a port of binary Thrift (beeswax or hiveserver2) answers. */
  PortFacts thrift() {
    try {
      int first = firstByteAfter(unknownCall());
      if (first == TLS_ALERT || (first < 0 && speaksTls())) {
        certificate = Optional.of(handshake());
        first = firstByteAfter(unknownCall());
      }
      if (first == THRIFT) {
        return PortFacts.serves(certificate, Set.of("NOSASL"));
      }
      if (first == 'H') {
        return PortFacts.not(Answer.OTHER_PROTOCOL, "speaks HTTP");
      }
      if (first >= 0 && (first < SASL_START || first > SASL_COMPLETE)) {
        return PortFacts.not(Answer.OTHER_PROTOCOL, "answers neither Thrift nor SASL");
      }
      Set<String> mechanisms = new TreeSet<>();
      for (String mechanism : new String[] {"PLAIN", "GSSAPI"}) {
        if (accepts(mechanism)) {
          mechanisms.add(mechanism);
        }
      }
      return mechanisms.isEmpty()
          ? PortFacts.not(Answer.OTHER_PROTOCOL, "takes neither Thrift nor a SASL login")
          : PortFacts.serves(certificate, mechanisms);
    } catch (SocketTimeoutException e) {
      return PortFacts.not(Answer.SILENT, "says nothing within " + timeoutMillis + " ms");
    } catch (IOException e) {
      return failed(e);
    }
  }

  private PortFacts failed(IOException how) {
    return dripped
        ? PortFacts.not(Answer.SILENT, "says nothing whole within " + mostMillis() + " ms")
        : PortFacts.not(Answer.CLOSED, String.valueOf(how.getMessage()));
  }

  /** Returns what a port of HiveServer2 over HTTP answers. */
  PortFacts http() {
    String host = address.getHostString();
    String options = "OPTIONS / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    String post =
        "POST /cliservice HTTP/1.1\r\nHost: "
            + host
            + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    try {
      String head = headAfter(options);
      if (!head.startsWith("HTTP/") && speaksTls()) {
        certificate = Optional.of(handshake());
        head = headAfter(options);
      }
      if (!head.startsWith("HTTP/")) {
        return PortFacts.not(Answer.OTHER_PROTOCOL, "does not speak HTTP");
      }
      Set<String> schemes = new TreeSet<>();
      headAfter(post)
          .lines()
          .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("www-authenticate:"))
          .map(line -> line.substring("www-authenticate:".length()).strip().split(" ", 2)[0])
          .forEach(schemes::add);
      return PortFacts.serves(certificate, schemes.isEmpty() ? Set.of("none") : schemes);
    } catch (SocketTimeoutException e) {
      return PortFacts.not(Answer.SILENT, "says nothing within " + timeoutMillis + " ms");
    } catch (IOException e) {
      return failed(e);
    }
  }

  /** Returns whether a port of an unknown protocol takes a connection. */
  PortFacts open() {
    try {
      plain().close();
      return PortFacts.serves(Optional.empty(), Set.of());
    } catch (IOException e) {
      return PortFacts.not(Answer.CLOSED, String.valueOf(e.getMessage()));
    }
  }

  /** Returns the first byte of the answer, negative if there is none but an end. */
  private int firstByteAfter(byte[] request) throws IOException {
    try (Socket socket = connect()) {
      return answerTo(socket, request);
    }
  }

  private int answerTo(Socket socket, byte[] request) throws IOException {
    try {
      socket.getOutputStream().write(request);
      return socket.getInputStream().read();
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException reset) {
      if (dripped) {
        throw reset;
      }
      return -1;
    }
  }

  private String headAfter(String request) throws IOException {
    StringBuilder head = new StringBuilder();
    try (Socket socket = connect()) {
      int next = answerTo(socket, request.getBytes(StandardCharsets.US_ASCII));
      while (next >= 0 && head.length() < MOST_HEAD_BYTES && head.indexOf("\r\n\r\n") < 0) {
        head.append((char) next);
        next = socket.getInputStream().read();
      }
    }
    return head.toString();
  }

  /**
   * Whether a login by this mechanism may begin; it is broken off. Who does not know the mechanism
   * says so at once, who knows it waits for the client to go on.
   */
  private boolean accepts(String mechanism) throws IOException {
    try (Socket socket = connect()) {
      socket.setSoTimeout(Math.min(timeoutMillis, (int) SASL_PAUSE.toMillis()));
      int status = answerTo(socket, sasl(SASL_START, mechanism));
      if (status != SASL_BAD && status != SASL_ERROR) {
        return status >= 0;
      }
      DataInputStream in = new DataInputStream(socket.getInputStream());
      int length = in.readInt();
      byte[] reason = in.readNBytes(Math.max(0, Math.min(length, MOST_SASL_BYTES)));
      return !new String(reason, StandardCharsets.UTF_8).startsWith("Unsupported mechanism");
    } catch (SocketTimeoutException waits) {
      return true;
    } catch (EOFException cut) {
      return false;
    }
  }

  private boolean speaksTls() throws IOException {
    try {
      X509Certificate unused = handshake();
      return true;
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException none) {
      if (dripped) {
        throw none;
      }
      return false;
    }
  }

  private X509Certificate handshake() throws IOException {
    try (SSLSocket socket = (SSLSocket) tls(plain())) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private Socket connect() throws IOException {
    Socket socket = plain();
    return certificate.isPresent() ? tls(socket) : socket;
  }

  private Socket plain() throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(address, timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      var unused = CLOSER.schedule(() -> end(socket), mostMillis(), TimeUnit.MILLISECONDS);
      return socket;
    } catch (SocketTimeoutException e) {
      socket.close();
      throw new IOException("not connected within " + timeoutMillis + " ms", e);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Returns how long a connection may take: a handshake and an answer, and some more. */
  private long mostMillis() {
    return 2L * timeoutMillis + SLACK.toMillis();
  }

  private void end(Socket socket) {
    if (!socket.isClosed()) {
      dripped = true;
      try {
        socket.close();
      } catch (IOException e) {
        // It is of no more use anyway.
      }
    }
  }

  private Socket tls(Socket plain) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            TrustAll.CONTEXT
                .getSocketFactory()
                .createSocket(plain, address.getHostString(), address.getPort(), true);
    try {
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** A strict Thrift call, without arguments, of a method that nobody has. */
  private static byte[] unknownCall() {
    byte[] name = "doctor".getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(3 * Integer.BYTES + name.length + 1)
        .putInt(0x80010001)
        .putInt(name.length)
        .put(name)
        .putInt(0)
        .put((byte) 0)
        .array();
  }

  private static byte[] sasl(int status, String text) {
    byte[] payload = text.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(1 + Integer.BYTES + payload.length)
        .put((byte) status)
        .putInt(payload.length)
        .put(payload)
        .array();
  }

  /** Takes every certificate: it is looked at, not trusted, and nothing secret is sent. */
  private static final class TrustAll extends X509ExtendedTrustManager {
    static final SSLContext CONTEXT = context();

    private static SSLContext context() {
      try {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAll()}, null);
        return context;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
