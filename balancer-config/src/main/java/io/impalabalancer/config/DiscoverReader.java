package io.impalabalancer.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code discover}. */
final class DiscoverReader {
  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration DAY = Duration.ofDays(1);
  private static final int MOST = 10_000;
  private static final String EXPECTED_SEED =
      "the URL of a web port, such as \"http://impala-host-1.example.com:25000\"";
  private static final Pattern DNS_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}");

  /** What is known before coordinators and pools are read. */
  private final Section section;

  private final List<URI> seeds;
  private final List<String> dns;
  private final Map<String, String> srv;

  DiscoverReader(Section section) {
    this.section = section;
    Value seedList = section.get("seeds");
    Value dnsList = section.get("dns");
    seeds =
        seedList.elements("a list of URLs").stream()
            .map(DiscoverReader::seed)
            .flatMap(Stream::ofNullable)
            .toList();
    dns =
        dnsList.elements("a list of names").stream()
            .map(DiscoverReader::dnsName)
            .flatMap(Stream::ofNullable)
            .toList();
    srv = srv(section.section("srv"));
    boolean several =
        (seeds.isEmpty() ? 0 : 1) + (dns.isEmpty() ? 0 : 1) + (srv.isEmpty() ? 0 : 1) > 1;
    if (several) {
      section.error(
          "more than one of seeds, dns and srv is given, and what two of them find would count"
              + " twice; expected one");
    }
  }

  /** Returns whether anything is looked for. */
  boolean isOn() {
    return !seeds.isEmpty() || !dns.isEmpty() || !srv.isEmpty();
  }

  /** Reads the rest. */
  DiscoverConfig read(CoordinatorConfig template, Map<String, List<MemberRule>> pools) {
    return new DiscoverConfig(
        seeds,
        dns,
        srv,
        section.get("name-servers").elements("a list of addresses").stream()
            .map(DiscoverReader::nameServer)
            .flatMap(Stream::ofNullable)
            .toList(),
        section.get("interval").duration(MILLISECOND, DAY),
        section.get("timeout").duration(MILLISECOND, DAY),
        section.get("gone-after").duration(MILLISECOND, DAY),
        section.get("most").integer(1, MOST),
        template,
        pools);
  }

  private static @Nullable URI seed(Value value) {
    String text = value.text(EXPECTED_SEED);
    try {
      URI uri = text == null ? null : new URI(text);
      if (uri != null && isWebPort(uri)) {
        return new URI(uri.getScheme(), null, uri.getHost(), uri.getPort(), null, null, null);
      }
    } catch (URISyntaxException e) {
      // Told below.
    }
    if (text != null) {
      value.unexpected(EXPECTED_SEED);
    }
    return null;
  }

  private static boolean isWebPort(URI uri) {
    return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
        && uri.getHost() != null
        && uri.getPort() > 0
        && uri.getPort() <= 65535
        && uri.getUserInfo() == null
        && (uri.getPath().isEmpty() || uri.getPath().equals("/"))
        && uri.getQuery() == null;
  }

  private static @Nullable String dnsName(Value value) {
    String text = value.text("a name");
    if (text != null && !DNS_NAME.matcher(text).matches()) {
      value.unexpected("a name such as impala-coordinators.example.com");
      return null;
    }
    return text;
  }

  private static Map<String, String> srv(Section section) {
    Map<String, String> names = new LinkedHashMap<>();
    List<String> keys = new ArrayList<>();
    Stream.of(Protocol.values()).map(Protocol::word).forEach(keys::add);
    keys.add("web");
    for (String key : keys) {
      Value value = section.get(key);
      String name = value.is("none") ? null : dnsName(value);
      if (name != null) {
        names.put(key, name);
      }
    }
    return names;
  }

  private static @Nullable InetSocketAddress nameServer(Value value) {
    BindAddress address = Addresses.bind(value);
    return address == null ? null : address.toSocketAddress();
  }
}
