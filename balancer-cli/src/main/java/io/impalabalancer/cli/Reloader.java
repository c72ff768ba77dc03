package io.impalabalancer.cli;

import io.impalabalancer.cli.operation.Count;
import io.impalabalancer.cli.operation.Reloads;
import io.impalabalancer.config.ConfigDiff;
import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigHash;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.LoadedConfig;
import io.impalabalancer.config.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes over to what the configuration file says now: reads, checks, compares, and either applies
 * all of it or changes nothing. One reload at a time; a second one waits for the first. Any thread
 * but an event loop.
 */
final class Reloader implements Reloads {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);

  /** Threads, sockets and pipes are made for these at the start. */
  private static final Pattern FIXED = Pattern.compile("threads|wire|maxpipes|watch|runtime\\..*");

  private static final Pattern BACKLOG = Pattern.compile("listeners\\[.*]\\.backlog");

  private final Path file;
  private final BalancerServer server;
  private final Notify notify;

  /** Whether a reload that was signalled has yet to read the file. */
  private final AtomicBoolean due = new AtomicBoolean();

  private volatile LoadedConfig current;
  private volatile Result last;

  /**
   * Makes one.
   *
   * @param loaded what the server was started with, from that file
   */
  Reloader(Path file, LoadedConfig loaded, BalancerServer server, Notify notify) {
    this.file = file;
    this.server = server;
    this.notify = notify;
    current = loaded;
    String hash = ConfigHash.of(loaded);
    last = new Result(Instant.now(), "start", true, List.of(), List.of(), hash);
    server.metrics().started(hash);
  }

  @Override
  public Result last() {
    return last;
  }

  /** Returns the configuration in force. */
  LoadedConfig current() {
    return current;
  }

  /** As {@link #reload}; who signals again before the file is read shares the reload. */
  void signalled(String by) {
    if (due.compareAndSet(false, true)) {
      reload(by);
    }
  }

  @Override
  public synchronized Result reload(String by) {
    due.set(false);
    notify.reloading();
    try {
      return end(reloadNow(by, false));
    } finally {
      notify.reloaded();
    }
  }

  @Override
  public Result dryRun(String by) {
    return reloadNow(by, true);
  }

  private Result reloadNow(String by, boolean dry) {
    LoadedConfig next;
    try {
      next = ConfigLoader.load(file);
    } catch (ConfigException e) {
      return failed(by, List.of(), e.problems().stream().map(Problem::toString).toList());
    }
    List<ConfigDiff.Change> changes = ConfigDiff.between(current, next);
    List<String> plan = changes.stream().map(ConfigDiff.Change::toString).toList();
    List<String> problems = new ArrayList<>();
    for (ConfigDiff.Change change : changes) {
      if (FIXED.matcher(change.path()).matches()) {
        problems.add(change + ": a reload cannot change it, an upgrade (SIGUSR2) or a restart can");
      } else if (server.balancer().wire().equals("channel")
          && change.before() != null
          && change.after() != null
          && BACKLOG.matcher(change.path()).matches()) {
        problems.add(change + ": the channel wire cannot change it, a restart can");
      }
    }
    if (!dry && problems.isEmpty()) {
      try {
        server.reload(next.config());
        current = next;
        logWarnings(next);
      } catch (IOException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    return problems.isEmpty()
        ? new Result(Instant.now(), by, true, plan, List.of(), ConfigHash.of(dry ? current : next))
        : failed(by, plan, problems);
  }

  private static void logWarnings(LoadedConfig loaded) {
    for (Problem warning : loaded.warnings()) {
      LOG.warn("event=config-warning place={} message=\"{}\"", warning.place(), warning.message());
    }
  }

  private Result failed(String by, List<String> plan, List<String> problems) {
    return new Result(Instant.now(), by, false, plan, problems, ConfigHash.of(current));
  }

  private Result end(Result result) {
    last = result;
    server.metrics().reloaded(result.ok(), result.hash());
    if (result.ok()) {
      result.changes().forEach(change -> LOG.info("event=reload-change change=\"{}\"", change));
      LOG.info(
          "event=reload result=ok by={} changes={} config={}",
          result.by(),
          result.changes().size(),
          result.hash());
      server.events().process("reload", "applied", told(result.changes(), "change", result.by()));
    } else {
      result
          .problems()
          .forEach(problem -> LOG.warn("event=reload-problem problem=\"{}\"", problem));
      LOG.warn(
          "event=reload result=refused by={} problems={} action=\"nothing has changed\"",
          result.by(),
          result.problems().size());
      server.events().process("reload", "refused", told(result.problems(), "problem", result.by()));
    }
    return result;
  }

  /** Returns the first line and how many there are. */
  private static String told(List<String> lines, String word, String by) {
    String first = lines.isEmpty() ? "" : ", first: " + lines.get(0);
    return "by %s, %s%s".formatted(by, Count.of(lines.size(), word), first);
  }
}
