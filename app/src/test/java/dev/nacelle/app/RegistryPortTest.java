package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryPortTest {
  @TempDir Path directory;
  private final EventLoops loops = EventLoops.start(1);

  private int listen(Optional<Integer> wanted) throws Exception {
    try (HttpServer server =
        new RegistryPort(directory.resolve("registry.json"), wanted, 7, 25_141)
            .listen(address -> HttpServer.builder(loops, exchange -> {}).bind(address).start())) {
      return server.port();
    }
  }

  private static ServerSocket taken(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getByName("0.0.0.0"));
  }

  @AfterEach
  void end() {
    loops.close();
  }

  @Test
  void aPortThatWasChosenIsKept() throws Exception {
    int first = listen(Optional.empty());
    assertThat(first).isBetween(25_000, 29_999);
    assertThat(listen(Optional.empty())).isEqualTo(first);
  }

  @Test
  void aPortThatSomebodyHasIsPassedOver() throws Exception {
    int first = listen(Optional.empty());
    java.nio.file.Files.delete(directory.resolve("registry.json"));
    try (ServerSocket other = taken(first)) {
      assertThat(listen(Optional.empty())).isNotEqualTo(other.getLocalPort());
    }
  }

  @Test
  void aWantedPortIsTakenAndKept() throws Exception {
    int first = listen(Optional.empty());
    assertThat(listen(Optional.of(first + 150))).isEqualTo(first + 150);
    assertThat(listen(Optional.empty())).isEqualTo(first + 150);
  }

  @Test
  void theKeptPortIsNotGivenUpWhenSomebodyHasIt() throws Exception {
    int first = listen(Optional.empty());
    try (ServerSocket other = taken(first)) {
      assertThatThrownBy(() -> listen(Optional.empty()))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("port " + other.getLocalPort())
          .hasMessageContaining("--registry-port");
    }
  }
}
