package io.impalabalancer.cli.doctor;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** A client port that behaves as told to each connection. */
final class FakePort implements AutoCloseable {

  /** What it does with a connection; whatever it throws ends the connection. */
  interface Behaviour {
    void serve(Socket socket) throws Exception;
  }

  private final ServerSocket server;

  FakePort(Behaviour behaviour) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), behaviour);
  }

  FakePort(ServerSocket server, Behaviour behaviour) {
    this.server = server;
    daemon(() -> {
      while (true) {
        Socket client = server.accept();
        daemon(() -> {
          try (client) {
            behaviour.serve(client);
          }
        });
      }
    });
  }

  InetSocketAddress address() {
    return (InetSocketAddress) server.getLocalSocketAddress();
  }

  /**
   * Impala with logins: a mechanism it does not know is refused, one that it knows is waited for.
   */
  static Behaviour sasl(Set<String> mechanisms) {
    return socket -> {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      if (in.readUnsignedByte() != 1) {
        return;
      }
      String mechanism = new String(in.readNBytes(in.readInt()), StandardCharsets.US_ASCII);
      if (!mechanisms.contains(mechanism)) {
        byte[] reason =
            ("Unsupported mechanism type " + mechanism).getBytes(StandardCharsets.US_ASCII);
        OutputStream out = socket.getOutputStream();
        out.write(
            ByteBuffer.allocate(5 + reason.length)
                .put((byte) 3)
                .putInt(reason.length)
                .put(reason)
                .array());
      } else {
        in.readAllBytes();
      }
    };
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void daemon(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (Exception ended) {
                // The probe sees what came of it.
              }
            },
            "fake-port");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
