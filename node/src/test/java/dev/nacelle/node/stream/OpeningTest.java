package dev.nacelle.node.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class OpeningTest {
  private static final byte[] TEXT = {'h', 'i'};

  @Test
  void outputWaitsForTheFirstWordOfTheClient() throws Exception {
    var opening = new Opening(Duration.ofHours(1));
    var client = new ByteArrayOutputStream();
    OutputStream out = opening.after(client);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> writing =
          threads.submit(
              () -> {
                out.write(TEXT);
                return 0;
              });
      assertThat(client.size()).isZero();
      opening.spoken();
      writing.get();
    }
    assertThat(client.toString()).isEqualTo("hi");
  }

  @Test
  void clientThatSaysNothingIsWaitedForNoLonger() throws Exception {
    var client = new ByteArrayOutputStream();
    new Opening(Duration.ofMillis(1)).after(client).write(TEXT);
    assertThat(client.toString()).isEqualTo("hi");
  }
}
