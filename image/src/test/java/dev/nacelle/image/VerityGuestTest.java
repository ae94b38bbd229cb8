package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Layers through dm-verity, under a Debian kernel in an emulated machine: what {@link VerityGuest}
 * saw there. Needs qemu, busybox, mke2fs and an unpacked kernel, see {@link GuestMachine}.
 */
final class VerityGuestTest {
  private static final Duration PATIENCE = Duration.ofMinutes(9);

  @TempDir static Path directory;
  private static List<String> printed = List.of();

  @BeforeAll
  static void run() throws Exception {
    List<GuestMachine> machines = GuestMachine.available();
    assumeTrue(!machines.isEmpty(), "needs qemu, busybox, mke2fs and a kernel for guests");
    printed = machines.getLast().run(directory, VerityGuest.class, PATIENCE);
    printed.stream()
        .filter(l -> l.startsWith("figure ") || l.startsWith("took ") || l.startsWith("doctor "))
        .forEach(System.out::println);
  }

  private static void assertSaw(String... steps) {
    for (String step : steps) {
      assertThat(printed).as(String.join("\n", printed)).contains("ok " + step);
    }
  }

  @Test
  void doctorNamesDmVerity() {
    assertSaw("doctor");
  }

  @Test
  void theControlNodeIsMadeWhereNobodyKeepsIt() {
    assertSaw("control");
  }

  @Test
  void builtLayersAndPulledOnesReadBackWhole() {
    assertSaw("built", "streamed");
  }

  @Test
  void aBitThatChangedInTheDataIsAnErrorAndNeverWrongBytes() {
    assertSaw("built-data", "streamed-data");
  }

  @Test
  void aBitThatChangesUnderAMountIsAnErrorAndNeverWrongBytes() {
    assertSaw("built-mounted", "streamed-mounted");
  }

  @Test
  void aBitThatChangedInTheMetadataIsAnErrorAndNeverWrongBytes() {
    assertSaw("built-metadata", "streamed-metadata");
  }

  @Test
  void aDamagedHashFileIsWrittenAnewByTheNextProcess() {
    assertSaw("hashes");
  }

  @Test
  void whatTheKernelFoundDamagedIsTakenAwayBeforeAnybodyElseStandsOnIt() {
    assertSaw("found", "refused");
  }

  @Test
  void aRestartKnowsWhatTheKernelProves() {
    assertSaw("restart");
  }

  @Test
  void devicesGoWithTheirMountsAndThoseOfAKilledProcessWithTheNext() {
    assertSaw("left", "nothing");
  }
}
