package dev.nacelle.node.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.network.Protocol;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodePortClaimsTest {

  @Test
  void whatAnotherProgramHoldsIsRefusedUntilItIsFree() throws IOException {
    try (var claims = new NodePortClaims()) {
      NodePort port;
      try (var program = new ServerSocket(0)) {
        port = new NodePort(program.getLocalPort(), Protocol.TCP);
        assertThat(claims.hold(Set.of(port)))
            .containsEntry(
                port, "listen tcp4 :" + port.number() + ": bind: address already in use");
      }
      assertThat(claims.hold(Set.of(port))).isEmpty();
    }
  }

  @Test
  void whatAnotherInstanceHoldsIsRefused() throws IOException {
    try (var one = new NodePortClaims();
        var other = new NodePortClaims()) {
      for (Protocol protocol : List.of(Protocol.TCP, Protocol.UDP)) {
        var port = new NodePort(freePort(), protocol);
        assertThat(one.hold(Set.of(port))).isEmpty();
        assertThat(one.hold(Set.of(port))).as("its own").isEmpty();
        assertThat(other.hold(Set.of(port))).containsOnlyKeys(port);
      }
    }
  }

  @Test
  void aHeldPortIsTakenForOtherProgramsAndFreeWhenNoServiceAsksForIt() throws IOException {
    int number = freePort();
    try (var claims = new NodePortClaims()) {
      claims.hold(Set.of(new NodePort(number, Protocol.TCP), new NodePort(number, Protocol.UDP)));
      assertThatThrownBy(() -> new ServerSocket(number)).isInstanceOf(BindException.class);
      assertThatThrownBy(() -> new DatagramSocket(number)).isInstanceOf(BindException.class);
      claims.hold(Set.of());
      try (var tcp = new ServerSocket(number);
          var udp = new DatagramSocket(number)) {
        assertThat(tcp.isBound() && udp.isBound()).isTrue();
      }
    }
  }

  private static int freePort() throws IOException {
    try (var probe = new ServerSocket(0)) {
      return probe.getLocalPort();
    }
  }
}
