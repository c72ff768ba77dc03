package io.impalabalancer.health.page;

import java.util.HashMap;
import java.util.Map;

/**
 * {@code /varz?json}: the command-line flags of a daemon ({@code FlagsHandler} in
 * default-path-handlers.cc).
 *
 * @param flags current values by name, without dashes; a flag that holds a secret is redacted
 */
public record FlagsPage(Map<String, String> flags) {

  /** Its path. */
  public static final String PATH = "/varz?json";

  public FlagsPage {
    flags = Map.copyOf(flags);
  }

  /**
   * Reads one.
   *
   * @throws PageException if it is no such page
   */
  public static FlagsPage parse(byte[] page) throws PageException {
    Map<String, String> flags = new HashMap<>();
    var flag =
        new Object() {
          String name = "";
          String current = "";
        };
    PageReader.read(
        page,
        in ->
            name -> {
              if (!name.equals("flags")) {
                in.skip();
                return;
              }
              in.objects(
                  () -> {
                    flag.name = "";
                    flag.current = "";
                  },
                  member -> {
                    switch (member) {
                      case "name" -> flag.name = in.text();
                      case "current" -> flag.current = in.text();
                      default -> in.skip();
                    }
                  },
                  () -> flags.put(flag.name, flag.current));
            });
    flags.remove("");
    if (flags.isEmpty()) {
      throw new PageException("the page has no flags");
    }
    return new FlagsPage(flags);
  }

  /** Returns a flag's value, empty if there is no such flag. */
  public String text(String flag) {
    return flags.getOrDefault(flag, "");
  }

  /** Returns a flag's value, -1 if there is no such flag or it is no number from 0 on. */
  public long count(String flag) {
    return PageReader.count(text(flag));
  }
}
