package dev.nacelle.node.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.image.ImageFault;
import dev.nacelle.image.MountOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PullBackOffsTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final PullBackOffs backOffs = new PullBackOffs();

  private static WantedImage image(String name) {
    return new WantedImage(name, "IfNotPresent", "", "id", MountOptions.DEFAULT);
  }

  /** The waits in seconds after failures, each at the end of the wait before. */
  private List<Long> waits(ImageFault fault, int times) {
    var result = new ArrayList<Long>();
    Instant now = START;
    for (int i = 0; i < times; i++) {
      Instant retryAt = backOffs.failed(image("a"), fault, "no", now).retryAt();
      result.add(Duration.between(now, retryAt).toSeconds());
      now = retryAt;
    }
    return result;
  }

  @Test
  void waitsDoubleFromTenSecondsToFiveMinutes() {
    assertThat(waits(ImageFault.NOT_FOUND, 8))
        .containsExactly(10L, 20L, 40L, 80L, 160L, 300L, 300L, 300L);
  }

  @Test
  void whatMustNotBePulledIsLookedForEveryTenSeconds() {
    assertThat(waits(ImageFault.NEVER_PULL, 4)).containsExactly(10L, 10L, 10L, 10L);
  }

  @Test
  void anotherImageDoesNotWait() {
    backOffs.failed(image("a"), ImageFault.NOT_FOUND, "no", START);
    assertThat(backOffs.waiting(image("a"), START.plusSeconds(9)))
        .map(PodImage.Missing::why)
        .contains("no");
    assertThat(backOffs.waiting(image("b"), START)).isEmpty();
    assertThat(backOffs.waiting(image("a"), START.plusSeconds(10))).isEmpty();
  }

  @Test
  void twoThatFailAtOnceCountAsOne() {
    backOffs.failed(image("a"), ImageFault.NOT_FOUND, "no", START);
    assertThat(backOffs.failed(image("a"), ImageFault.NOT_FOUND, "no", START).retryAt())
        .isEqualTo(START.plusSeconds(10));
    Instant next = START.plusSeconds(10);
    assertThat(backOffs.failed(image("a"), ImageFault.NOT_FOUND, "no", next).retryAt())
        .isEqualTo(next.plusSeconds(20));
  }

  @Test
  void tenQuietMinutesBeginAnew() {
    waits(ImageFault.NOT_FOUND, 3);
    Instant later = START.plus(Duration.ofMinutes(30));
    assertThat(backOffs.failed(image("a"), ImageFault.NOT_FOUND, "no", later).retryAt())
        .isEqualTo(later.plusSeconds(10));
  }

  @Test
  void theWordsAreTheKubelets() {
    var away = backOffs.failed(image("a"), ImageFault.REGISTRY_UNAVAILABLE, "refused", START);
    assertThat(away.reason()).isEqualTo("RegistryUnavailable");
    assertThat(away.message())
        .isEqualTo("image pull failed for a because the registry is unavailable: refused");
    var never = backOffs.failed(image("b"), ImageFault.NEVER_PULL, "", START);
    assertThat(never.eventReason()).isEqualTo("ErrImageNeverPull");
    assertThat(never.message())
        .isEqualTo("Container image \"b\" is not present with pull policy of Never");
    var name = backOffs.failed(image("C"), ImageFault.INVALID_NAME, "invalid", START);
    assertThat(name.reason()).isEqualTo("InvalidImageName");
    assertThat(name.eventReason()).isEqualTo("InspectFailed");
    assertThat(name.message()).isEqualTo("Failed to apply default image tag \"C\": invalid");
  }
}
