package io.impalabalancer.cli;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LevelToSyslogSeverity;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Where log lines go: to standard error, one line each, written by a thread of its own, because a
 * reader that has stopped must not hold an event loop. When its queue is full, lines are dropped.
 * To the journal of systemd a line begins with its severity instead of the date.
 *
 * <p>Logback finds it as a service, and so looks for no file.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_TOP_PRIORITY)
public final class LogSetup extends ContextAwareBase implements Configurator {
  private static final String DATE = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} ";
  private static final String LINE = "%-5level %logger{0} %msg%n";
  private static final int QUEUE = 8192;
  private static final int FLUSH_MILLIS = 1000;

  /** Called by Logback. */
  public LogSetup() {}

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    PatternLayout layout = toJournal() ? new JournalLayout() : new PatternLayout();
    layout.setContext(context);
    layout.setPattern(layout instanceof JournalLayout ? LINE : DATE + LINE);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
    encoder.setContext(context);
    encoder.setLayout(layout);
    encoder.start();

    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(encoder);
    console.start();

    AsyncAppender async = new AsyncAppender();
    async.setContext(context);
    async.setName("stderr");
    async.setQueueSize(QUEUE);
    async.setDiscardingThreshold(0);
    async.setNeverBlock(true);
    async.setMaxFlushTime(FLUSH_MILLIS);
    async.addAppender(console);
    async.start();

    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(async);
    context.getLogger("io.impalabalancer").setLevel(Level.INFO);
    // Thrift writes a stack trace for every connection that breaks.
    context.getLogger("org.apache.thrift").setLevel(Level.OFF);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** Returns whether standard error is the journal's, as systemd says by {@code JOURNAL_STREAM}. */
  private static boolean toJournal() {
    String journal = System.getenv("JOURNAL_STREAM");
    if (journal == null) {
      return false;
    }
    try {
      Map<String, Object> stderr = Files.readAttributes(Path.of("/proc/self/fd/2"), "unix:dev,ino");
      return journal.equals(stderr.get("dev") + ":" + stderr.get("ino"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** A line as the journal takes it: the severity first; it has the date itself. */
  private static final class JournalLayout extends PatternLayout {
    @Override
    public String doLayout(ILoggingEvent event) {
      return "<" + LevelToSyslogSeverity.convert(event) + ">" + super.doLayout(event);
    }
  }

  /**
   * Sets the level of the program's own lines; those of libraries are never below {@code warn}.
   *
   * @param level a word of Logback's
   */
  static void setLevel(String level) {
    context().getLogger("io.impalabalancer").setLevel(Level.valueOf(level));
  }

  /** Writes what waits, for a second at most, and ends. */
  static void flush() {
    context().stop();
  }

  private static LoggerContext context() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }
}
