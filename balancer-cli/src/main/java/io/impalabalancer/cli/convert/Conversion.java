package io.impalabalancer.cli.convert;

import io.impalabalancer.config.ConfigException;
import io.impalabalancer.config.ConfigLoader;
import io.impalabalancer.config.Problem;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * HAProxy's configuration, and what becomes of each line of it: a configuration of this program,
 * which {@code check} accepts, or the errors that prevent it. Looks no name up; immutable to
 * others.
 */
public final class Conversion {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.:-]+");

  /**
   * A file.
   *
   * @param name as messages name it
   */
  public record Source(String name, String text) {}

  private final List<Line> lines = new ArrayList<>();
  private final List<Problem> errors = new ArrayList<>();
  private final List<Proxy> proxies = new ArrayList<>();
  private final Map<String, Proxy> defaults = new LinkedHashMap<>();
  private final Map<String, UserList> users = new LinkedHashMap<>();
  private @Nullable Proxy latestDefaults;
  private final GlobalReader global = new GlobalReader();
  private final UnaryOperator<String> hash;
  private String result = "";

  private Conversion(UnaryOperator<String> hash) {
    this.hash = hash;
  }

  /**
   * Converts files that HAProxy reads one after the other.
   *
   * @param environment what their variables mean
   * @param hash of a password, as the result has it
   */
  public static Conversion of(
      List<Source> sources, Map<String, String> environment, UnaryOperator<String> hash) {
    Conversion conversion = new Conversion(hash);
    Tokenizer tokenizer = new Tokenizer(environment);
    for (Source source : sources) {
      List<Line> cut = tokenizer.cut(source.name(), source.text());
      conversion.lines.addAll(cut);
      Section.of(cut).forEach(conversion::read);
    }
    conversion.convert(String.join(", ", sources.stream().map(Source::name).toList()));
    return conversion;
  }

  /** Returns the configuration; not to be used if there are errors. */
  public String result() {
    return result;
  }

  /** Returns what is wrong with the input; nothing is to be written if there is any. */
  public List<Problem> errors() {
    return errors;
  }

  /** Prints the fate of each line, in three lists. */
  public void print(PrintWriter out) {
    for (Line.Fate fate : Line.Fate.values()) {
      List<Line> list = lines.stream().filter(line -> line.fate() == fate).toList();
      out.println(fate.title() + " (" + list.size() + ")");
      for (Line line : list) {
        String note = line.note().isEmpty() ? "" : "  -> " + line.note();
        out.println("  " + line.place() + "  " + line.shown() + note);
        line.warnings().forEach(warning -> out.println("      warning: " + warning));
      }
    }
  }

  List<Line> lines() {
    return lines;
  }

  private void read(Section section) {
    switch (section.kind()) {
      case "global" -> global.read(section);
      case "defaults", "listen", "frontend", "backend" -> readProxy(section);
      case "userlist" -> {
        UserList list = UserList.read(section);
        if (users.putIfAbsent(section.name(), list) != null) {
          list.leaveOut("there is one of that name before it");
        }
      }
      default -> {
        Keywords.of("section").answer(section.header(), section.kind());
        section.lines().forEach(line -> Keywords.of("section").answer(line, section.kind()));
      }
    }
  }

  private void readProxy(Section section) {
    boolean isDefaults = section.kind().equals("defaults");
    Line header = section.header();
    if (!isDefaults && !NAME.matcher(section.name()).matches()) {
      header.error(
          "found \"" + section.name() + "\", expected a name of letters, digits and _ . : -");
    }
    int from = header.words().indexOf("from");
    Proxy base = isDefaults ? null : latestDefaults;
    if (from > 0) {
      base = defaults.get(header.word(from + 1));
      if (base == null) {
        header.error("there is no defaults section \"" + header.word(from + 1) + "\" before it");
      }
    }
    Proxy proxy = ProxyReader.read(section, base);
    if (isDefaults) {
      header.carried("");
      latestDefaults = proxy;
      if (!section.name().isEmpty()) {
        defaults.put(section.name(), proxy);
      }
    }
    proxies.add(proxy);
  }

  private void convert(String sources) {
    List<Listener> listeners =
        Listeners.of(proxies.stream().filter(proxy -> !StatsPage.is(proxy)).toList());
    Coordinators coordinators = Coordinators.of(listeners);
    Checks checks = Checks.of(coordinators.all());
    StatsPage page = StatsPage.of(proxies, listeners, users, hash);
    for (Proxy proxy : proxies) {
      if (proxy.kind().equals("defaults") && !proxy.isBase) {
        proxy.section.leaveOut(Line.Fate.MEANINGLESS, "no section stands on it");
      }
    }
    refuseAddressesTwice(listeners, page);
    for (Line line : lines) {
      line.errors().forEach(error -> errors.add(new Problem(line.place(), error)));
    }
    if (listeners.isEmpty()) {
      errors.add(
          new Problem(
              sources,
              "nothing in it can be carried over, expected a listen section with an address and"
                  + " servers, or a frontend and its backend; what each line came to is listed"));
    }
    if (errors.isEmpty()) {
      result = HoconWriter.write(sources, global.settings(), listeners, coordinators, checks, page);
      check();
    }
  }

  private static void refuseAddressesTwice(List<Listener> listeners, StatsPage page) {
    List<Bind> binds = new ArrayList<>();
    Bind stats = page.bind();
    if (stats != null) {
      binds.add(stats);
    }
    listeners.forEach(listener -> binds.addAll(listener.front().binds));
    for (int second = 1; second < binds.size(); second++) {
      for (int first = 0; first < second; first++) {
        if (isSame(binds.get(first), binds.get(second))) {
          Line line = binds.get(second).line();
          line.error(
              "found %s, which is taken at %s, expected another address or port"
                  .formatted(
                      binds.get(second).address(), binds.get(first).line().asReference(line)));
        }
      }
    }
  }

  private static boolean isSame(Bind one, Bind two) {
    try {
      // Both are numbers: nothing is looked up.
      InetAddress a = InetAddress.getByName(one.host());
      InetAddress b = InetAddress.getByName(two.host());
      return one.port() == two.port()
          && a.getClass() == b.getClass()
          && (a.equals(b) || a.isAnyLocalAddress() || b.isAnyLocalAddress());
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private void check() {
    try {
      ConfigLoader.parse("the result", result);
    } catch (ConfigException e) {
      errors.addAll(e.problems());
    }
  }
}
