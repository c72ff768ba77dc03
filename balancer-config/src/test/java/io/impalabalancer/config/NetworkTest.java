package io.impalabalancer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkTest {

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0, 8, 10.255.3.4, true",
    "10.0.0.0, 8, 11.0.0.0, false",
    "192.168.5.16, 28, 192.168.5.31, true",
    "192.168.5.16, 28, 192.168.5.32, false",
    "192.168.5.16, 32, 192.168.5.16, true",
    "192.168.5.16, 32, 192.168.5.17, false",
    "0.0.0.0, 0, 203.0.113.9, true",
    "0.0.0.0, 0, 2001:db8::1, false",
    "2001:db8::, 33, 2001:db8:7fff::1, true",
    "2001:db8::, 33, 2001:db8:8000::1, false",
    "::1, 128, ::1, true",
    "::, 0, 127.0.0.1, false",
  })
  void anAddressIsInItByItsFirstBits(String host, int prefix, String address, boolean isIn)
      throws UnknownHostException {
    assertThat(new Network(host, prefix).contains(InetAddress.getByName(address))).isEqualTo(isIn);
  }
}
