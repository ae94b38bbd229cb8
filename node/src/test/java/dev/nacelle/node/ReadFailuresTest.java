package dev.nacelle.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReadFailuresTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final ReadFailures failures = new ReadFailures();

  private static Instant at(int seconds) {
    return START.plus(Duration.ofSeconds(seconds));
  }

  @Test
  void theFirstIsToldAtOnceAndAThousandMoreOnceAMinute() {
    assertThat(failures.failed("c", "chunk 1", at(0))).contains("chunk 1");
    for (int i = 2; i <= 1001; i++) {
      assertThat(failures.failed("c", "chunk " + i, at(1))).isEmpty();
    }
    assertThat(failures.due(at(59))).isEmpty();
    assertThat(failures.due(at(60)))
        .containsOnlyKeys("c")
        .containsEntry("c", "chunk 1001 (1000 failed reads in the last minute)");
    assertThat(failures.failed("c", "chunk 7", at(61))).isEmpty();
    assertThat(failures.due(at(119))).isEmpty();
    assertThat(failures.due(at(120)))
        .containsEntry("c", "chunk 7 (1 failed reads in the last minute)");
  }

  @Test
  void whatIsQuietForAMinuteIsToldAtOnceAgain() {
    failures.failed("c", "chunk 1", at(0));
    assertThat(failures.due(at(60))).isEmpty();
    assertThat(failures.failed("c", "chunk 2", at(61))).contains("chunk 2");
  }

  @Test
  void oneContainerDoesNotHoldBackAnother() {
    failures.failed("c", "chunk 1", at(0));
    assertThat(failures.failed("d", "chunk 1", at(1))).contains("chunk 1");
  }
}
