package io.impalabalancer.discovery;

import io.impalabalancer.config.CoordinatorConfig;
import io.impalabalancer.config.DiscoverConfig;
import io.impalabalancer.config.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsQueryLifecycleObserver;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A name service: the addresses of names, each a coordinator, or the targets of SRV records with
 * their ports. Priority and weight of SRV records are not looked at. A name without an answer, or
 * with an empty one, makes the whole round none: what it would have said is not known. So does a
 * server that fails: a name would else lose its IPv4 addresses to those of IPv6. Nothing is kept
 * from one round to the next.
 */
final class NameRecords implements Source {
  private static final int SRV_FIXED_BYTES = 6;
  private static final String WEB = "web";

  private final DiscoverConfig config;
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("dns", true), NioIoHandler.newFactory());
  private final DnsNameResolver resolver;

  /** What a name server said in this look-up that is no answer, such as SERVFAIL; null if none. */
  private volatile @Nullable DnsResponseCode error;

  /** The target and port of an SRV record. */
  private record Service(String host, int port) {}

  NameRecords(DiscoverConfig config) {
    this.config = config;
    DnsNameResolverBuilder builder =
        new DnsNameResolverBuilder(loop.next())
            .datagramChannelType(NioDatagramChannel.class)
            .socketChannelType(NioSocketChannel.class)
            .resolveCache(NoopDnsCache.INSTANCE)
            .cnameCache(NoopDnsCnameCache.INSTANCE)
            .queryTimeoutMillis(config.timeout().toMillis())
            .dnsQueryLifecycleObserverFactory(question -> new Errors());
    if (!config.nameServers().isEmpty()) {
      builder.nameServerProvider(
          new SequentialDnsServerAddressStreamProvider(config.nameServers()));
    }
    resolver = builder.build();
  }

  @Override
  public Answer ask(List<Found> known) throws IOException, InterruptedException {
    List<Found> found = config.srv().isEmpty() ? addresses() : services();
    if (found.size() > config.most()) {
      throw new IOException(
          found.size()
              + " coordinators were named, expected "
              + config.most()
              + " at most, as discover.most says");
    }
    return new Answer(found, List.of());
  }

  private List<Found> addresses() throws IOException, InterruptedException {
    Map<String, Found> found = new LinkedHashMap<>();
    for (String name : config.dns()) {
      List<String> addresses = addresses(name, DnsRecordType.A);
      if (addresses.isEmpty()) {
        addresses = addresses(name, DnsRecordType.AAAA);
      }
      if (addresses.isEmpty()) {
        throw new IOException(name + " has no address");
      }
      for (String address : addresses) {
        CoordinatorConfig template = config.template();
        found.putIfAbsent(
            address, found(address, address, template.ports(), template.webPort(), name));
      }
    }
    return List.copyOf(found.values());
  }

  private List<String> addresses(String name, DnsRecordType type)
      throws IOException, InterruptedException {
    List<String> addresses = new ArrayList<>();
    List<DnsRecord> records = resolve(name, type);
    try {
      for (DnsRecord record : records) {
        ByteBuf content = ((ByteBufHolder) record).content();
        addresses.add(NetUtil.bytesToIpAddress(ByteBufUtil.getBytes(content)));
      }
    } catch (IllegalArgumentException malformed) {
      throw new IOException(name + " has an address that cannot be read", malformed);
    } finally {
      records.forEach(ReferenceCountUtil::release);
    }
    return addresses;
  }

  private List<Found> services() throws IOException, InterruptedException {
    Map<Service, Map<String, Integer>> ports = new LinkedHashMap<>();
    boolean one = config.srv().size() == 1;
    for (Map.Entry<String, String> each : config.srv().entrySet()) {
      List<Service> services = services(each.getValue());
      if (services.isEmpty()) {
        throw new IOException(each.getValue() + " has no SRV record");
      }
      for (Service service : services) {
        // With one name a host may have several coordinators; with more, who could tell whose is
        // which port?
        Service key = one ? service : new Service(service.host(), 0);
        Integer other =
            ports
                .computeIfAbsent(key, k -> new LinkedHashMap<>())
                .putIfAbsent(each.getKey(), service.port());
        if (other != null && other != service.port()) {
          throw new IOException(
              "%s names %s with the ports %d and %d, expected one of a host, or one name in srv"
                  .formatted(each.getValue(), service.host(), other, service.port()));
        }
      }
    }
    List<Found> found = new ArrayList<>();
    ports.forEach((key, own) -> found.add(found(key, own)));
    return found;
  }

  private Found found(Service key, Map<String, Integer> own) {
    CoordinatorConfig template = config.template();
    Map<Protocol, Integer> ports = new EnumMap<>(Protocol.class);
    boolean usual = true;
    for (Protocol protocol : Protocol.values()) {
      OptionalInt usualPort = template.port(protocol);
      Integer port = own.get(protocol.word());
      usual &= port == null || usualPort.equals(OptionalInt.of(port));
      if (port != null) {
        ports.put(protocol, port);
      } else if (usualPort.isPresent()) {
        ports.put(protocol, usualPort.getAsInt());
      }
    }
    Integer webPort = own.get(WEB);
    usual &= webPort == null || template.webPort().equals(OptionalInt.of(webPort));
    OptionalInt web = webPort == null ? template.webPort() : OptionalInt.of(webPort);
    String name = usual || key.port() == 0 ? key.host() : key.host() + ":" + key.port();
    return found(name, key.host(), ports, web, String.join(", ", config.srv().values()));
  }

  private Found found(
      String name, String host, Map<Protocol, Integer> ports, OptionalInt web, String source) {
    CoordinatorConfig template = config.template();
    return new Found(
        new CoordinatorConfig(
            name, host, ports, web, template.weight(), template.maxconn(), template.state()),
        Optional.empty(),
        source);
  }

  private List<Service> services(String name) throws IOException, InterruptedException {
    List<Service> services = new ArrayList<>();
    List<DnsRecord> records = resolve(name, DnsRecordType.SRV);
    try {
      for (DnsRecord record : records) {
        ByteBuf content = ((ByteBufHolder) record).content();
        int port = content.getUnsignedShort(content.readerIndex() + SRV_FIXED_BYTES - 2);
        String target = DefaultDnsRecordDecoder.decodeName(content.skipBytes(SRV_FIXED_BYTES));
        services.add(new Service(target.replaceAll("[.]$", ""), port));
      }
    } catch (RuntimeException malformed) {
      throw new IOException(name + " has an SRV record that cannot be read", malformed);
    } finally {
      records.forEach(ReferenceCountUtil::release);
    }
    return services;
  }

  /** Returns the records, which are to be released; none if the name has none of them. */
  private List<DnsRecord> resolve(String name, DnsRecordType type)
      throws IOException, InterruptedException {
    error = null;
    Future<List<DnsRecord>> future = resolver.resolveAll(new DefaultDnsQuestion(name, type));
    future.await();
    if (future.isSuccess()) {
      return future.getNow();
    }
    DnsResponseCode failed = error;
    boolean unknown =
        future.cause() instanceof UnknownHostException
            && !DnsNameResolver.isTransportOrTimeoutError(future.cause());
    if (unknown && failed == null) {
      return List.of();
    }
    throw new IOException(
        name
            + " could not be looked up: "
            + (unknown ? "the name server says " + failed : future.cause().getMessage()));
  }

  /** Remembers that a name server failed, which the resolver does not tell from an empty answer. */
  private final class Errors implements DnsQueryLifecycleObserver {
    @Override
    public DnsQueryLifecycleObserver queryNoAnswer(DnsResponseCode code) {
      error = code;
      return this;
    }

    @Override
    public void queryWritten(InetSocketAddress server, ChannelFuture future) {}

    @Override
    public void queryCancelled(int queriesRemaining) {}

    @Override
    public DnsQueryLifecycleObserver queryRedirected(List<InetSocketAddress> servers) {
      return this;
    }

    @Override
    public DnsQueryLifecycleObserver queryCNAMEd(DnsQuestion question) {
      return this;
    }

    @Override
    public void queryFailed(Throwable cause) {}

    @Override
    public void querySucceed() {}
  }

  @Override
  public void close() {
    resolver.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
