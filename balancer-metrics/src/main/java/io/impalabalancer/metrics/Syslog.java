package io.impalabalancer.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.impalabalancer.config.SyslogConfig;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A syslog server as the place of the session log: a message a line. What it is sent to is opened
 * with the first line, and anew after an error, so that a server may come later and go meanwhile.
 */
final class Syslog implements LogSink {
  private static final int CONNECT_TIMEOUT_MILLIS = 2000;
  private static final DateTimeFormatter RFC3164_DATE =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.US);
  private static final DateTimeFormatter RFC5424_DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx", Locale.US);

  /** Takes messages. */
  private interface Way extends Closeable {
    /** Sends a message, perhaps not all of it; what was taken is taken out of the buffer. */
    void send(ByteBuffer message) throws IOException;
  }

  private final SyslogConfig config;
  private final String hostname;
  private final long pid = ProcessHandle.current().pid();
  private @Nullable Way way;

  /** The message of the line that the next write begins with; empty if it has to be made. */
  private ByteBuffer message = ByteBuffer.allocate(0);

  Syslog(SyslogConfig config) {
    this.config = config;
    hostname = config.hostname().isEmpty() ? ownHostname() : config.hostname();
  }

  private static String ownHostname() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "-";
    }
  }

  @Override
  public void write(ByteBuffer lines) throws IOException {
    int end = lines.position();
    while (lines.get(end) != '\n') {
      end++;
    }
    if (!message.hasRemaining()) {
      message = message(UTF_8.decode(lines.slice(lines.position(), end - lines.position())));
    }
    try {
      Way open = way == null ? open() : way;
      way = open;
      open.send(message);
    } catch (IOException e) {
      close();
      throw e;
    }
    if (!message.hasRemaining()) {
      lines.position(end + 1);
    }
  }

  private ByteBuffer message(CharSequence line) {
    ZonedDateTime now = ZonedDateTime.now(ZoneId.systemDefault());
    int priority = config.facility() * 8 + config.severity();
    StringBuilder text = new StringBuilder().append('<').append(priority).append('>');
    if (config.format() == SyslogConfig.Format.RFC5424) {
      text.append("1 ").append(RFC5424_DATE.format(now.truncatedTo(ChronoUnit.MILLIS)));
      text.append(' ').append(hostname).append(' ').append(config.tag());
      text.append(' ').append(pid).append(" - - ");
    } else {
      text.append(RFC3164_DATE.format(now)).append(' ');
      // To a socket of the same machine no name is written, as in syslog(3).
      if (config.transport() != SyslogConfig.Transport.UNIX) {
        text.append(hostname).append(' ');
      }
      text.append(config.tag()).append('[').append(pid).append("]: ");
    }
    text.append(line);
    if (config.transport() != SyslogConfig.Transport.TCP) {
      return UTF_8.encode(text.toString());
    }
    // RFC 6587: each format's own way to find the end of a message in a stream.
    return config.format() == SyslogConfig.Format.RFC5424
        ? UTF_8.encode(UTF_8.encode(text.toString()).remaining() + " " + text)
        : UTF_8.encode(text.append('\n').toString());
  }

  private Way open() throws IOException {
    return switch (config.transport()) {
      case UNIX -> new Local(new UnixDatagrams(config.host()));
      case UDP -> {
        // First what can fail.
        InetSocketAddress to = address();
        yield new Udp(DatagramChannel.open(), to);
      }
      case TCP -> {
        SocketChannel channel = SocketChannel.open();
        try {
          channel.socket().connect(address(), CONNECT_TIMEOUT_MILLIS);
          channel.configureBlocking(false);
        } catch (IOException e) {
          channel.close();
          throw e;
        }
        yield new Tcp(channel);
      }
    };
  }

  private InetSocketAddress address() throws UnknownHostException {
    return new InetSocketAddress(InetAddress.getByName(config.host()), config.port());
  }

  @Override
  public void close() throws IOException {
    Way open = way;
    way = null;
    message = ByteBuffer.allocate(0);
    if (open != null) {
      open.close();
    }
  }

  @Override
  public String toString() {
    return config.toString();
  }

  /** A socket of this machine. */
  private record Local(UnixDatagrams datagrams) implements Way {
    @Override
    public void send(ByteBuffer message) throws IOException {
      if (datagrams.send(message)) {
        message.position(message.limit());
      }
    }

    @Override
    public void close() throws IOException {
      datagrams.close();
    }
  }

  /** A socket that is not connected, and so never hears that nobody is there. */
  private record Udp(DatagramChannel channel, InetSocketAddress to) implements Way {
    @Override
    public void send(ByteBuffer message) throws IOException {
      channel.send(message, to);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** A connection that never blocks. */
  private record Tcp(SocketChannel channel) implements Way {
    @Override
    public void send(ByteBuffer message) throws IOException {
      // What is written to a server that has ended is lost without a word.
      if (channel.read(ByteBuffer.allocate(64)) < 0) {
        throw new EOFException("the server has closed the connection");
      }
      channel.write(message);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
