package io.impalabalancer.discovery;

import io.netty.util.NetUtil;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A name server over UDP with addresses and SRV records; other names do not exist. */
final class TestNameServer implements AutoCloseable {
  private static final int HEADER = 12;
  private static final int A = 1;
  private static final int AAAA = 28;
  private static final int SRV = 33;
  private static final int TTL_SECONDS = 3600;

  private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
  private final Map<String, List<byte[]>> records = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::serve, "name-server");

  /** While true, nothing is answered. */
  volatile boolean silent;

  /**
   * What questions for addresses of IPv4 are answered with: SERVFAIL 2, REFUSED 5; 0: the truth.
   */
  volatile int ipv4Error;

  TestNameServer() throws SocketException {
    thread.start();
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Gives a name these addresses and no others. */
  void addresses(String name, String... addresses) {
    List<byte[]> v4 = new ArrayList<>();
    List<byte[]> v6 = new ArrayList<>();
    for (String address : addresses) {
      byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
      (bytes.length == 4 ? v4 : v6).add(bytes);
    }
    records.put(name + " " + A, v4);
    records.put(name + " " + AAAA, v6);
  }

  /** Gives a name these targets, each {@code host:port}, and no others. */
  void services(String name, String... targets) throws IOException {
    List<byte[]> services = new ArrayList<>();
    for (String target : targets) {
      int colon = target.indexOf(':');
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeShort(0);
      out.writeShort(0);
      out.writeShort(Integer.parseInt(target.substring(colon + 1)));
      for (String label : target.substring(0, colon).split("[.]", -1)) {
        out.writeByte(label.length());
        out.write(label.getBytes(StandardCharsets.US_ASCII));
      }
      out.writeByte(0);
      services.add(bytes.toByteArray());
    }
    records.put(name + " " + SRV, services);
  }

  /** Gives a name one record of a type, whatever it is, and no others of it. */
  void raw(String name, int type, byte[] data) {
    records.put(name + " " + type, List.of(data));
  }

  private void serve() {
    byte[] buffer = new byte[4096];
    try {
      while (true) {
        DatagramPacket query = new DatagramPacket(buffer, buffer.length);
        socket.receive(query);
        if (!silent) {
          byte[] answer = answer(ByteBuffer.wrap(buffer, 0, query.getLength()));
          socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        }
      }
    } catch (IOException closed) {
      // It ends.
    }
  }

  private byte[] answer(ByteBuffer query) throws IOException {
    int at = HEADER;
    StringBuilder name = new StringBuilder();
    while (query.get(at) != 0) {
      int length = query.get(at);
      byte[] label = new byte[length];
      query.get(at + 1, label);
      name.append(name.length() == 0 ? "" : ".")
          .append(new String(label, StandardCharsets.US_ASCII));
      at += length + 1;
    }
    int type = query.getShort(at + 1);
    int questionEnd = at + 5;
    int error = type == A ? ipv4Error : 0;
    List<byte[]> found = error > 0 ? null : records.get(name + " " + type);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(query.getShort(0));
    // An answer with recursion; "no such name" for what is not there.
    out.writeShort(0x8180 | (error > 0 ? error : found == null ? 3 : 0));
    out.writeShort(1);
    out.writeShort(found == null ? 0 : found.size());
    out.writeInt(0);
    byte[] question = new byte[questionEnd - HEADER];
    query.get(HEADER, question);
    out.write(question);
    for (byte[] data : found == null ? List.<byte[]>of() : found) {
      out.writeShort(0xC000 | HEADER);
      out.writeShort(type);
      out.writeShort(1);
      out.writeInt(TTL_SECONDS);
      out.writeShort(data.length);
      out.write(data);
    }
    return bytes.toByteArray();
  }

  @Override
  public void close() {
    socket.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
