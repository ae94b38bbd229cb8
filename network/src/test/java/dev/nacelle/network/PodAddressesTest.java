package dev.nacelle.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PodAddressesTest {
  private static final Ipv4Range RANGE = Ipv4Range.parse("10.64.0.0/28");

  @TempDir Path directory;
  private final AtomicLong now = new AtomicLong(1_000_000);

  private PodAddresses open() {
    return PodAddresses.open(directory, RANGE, () -> Instant.ofEpochMilli(now.get()));
  }

  @Test
  void everyAddressButTheEdgesIsHandedOutOnce() {
    try (PodAddresses addresses = open()) {
      Set<Ipv4> taken = new HashSet<>();
      for (int i = 0; i < 14; i++) {
        assertThat(taken.add(addresses.take("pod-" + i, Ipv4.ANY))).isTrue();
      }
      assertThat(taken).doesNotContain(RANGE.first(), RANGE.first().plus(15));
      assertThatThrownBy(() -> addresses.take("one-more", Ipv4.ANY))
          .hasMessageContaining("all of 10.64.0.0/28 are held");
    }
  }

  @Test
  void anAddressStaysWithItsPodAcrossRestartsAndTornLines() throws IOException {
    Ipv4 first;
    try (PodAddresses addresses = open()) {
      first = addresses.take("a", Ipv4.ANY);
      addresses.take("b", Ipv4.ANY);
      addresses.free("b");
    }
    Files.writeString(directory.resolve("addresses"), "+ 10.64.0.9 to", StandardOpenOption.APPEND);
    try (PodAddresses addresses = open()) {
      assertThat(addresses.held()).containsOnlyKeys("a");
      assertThat(addresses.take("a", Ipv4.ANY)).isEqualTo(first);
      assertThat(addresses.take("a", first)).isEqualTo(first);
    }
  }

  @Test
  void aFreedAddressRestsUnlessNoneIsLeft() {
    try (PodAddresses addresses = open()) {
      Ipv4 freed = addresses.take("a", Ipv4.ANY);
      addresses.free("a");
      for (int i = 0; i < 13; i++) {
        assertThat(addresses.take("pod-" + i, Ipv4.ANY)).isNotEqualTo(freed);
      }
      assertThat(addresses.take("last", Ipv4.ANY)).isEqualTo(freed);
    }
  }

  @Test
  void askingForAnothersAddressOrOneOutOfRangeIsRefused() {
    try (PodAddresses addresses = open()) {
      Ipv4 held = addresses.take("a", Ipv4.ANY);
      assertThatThrownBy(() -> addresses.take("b", held)).hasMessageContaining("pod a holds it");
      assertThatThrownBy(() -> addresses.take("b", Ipv4.parse("10.65.0.1")))
          .hasMessageContaining("not in this host's range 10.64.0.0/28");
    }
  }
}
