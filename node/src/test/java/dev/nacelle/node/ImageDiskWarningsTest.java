package dev.nacelle.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.image.Freed;
import dev.nacelle.image.ImageUsage;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ImageDiskWarningsTest {
  private final ImageDiskWarnings warnings = new ImageDiskWarnings();

  private static ImageUsage using(long bytes) {
    return new ImageUsage(1, 1, 500, bytes, 4, 100, 1_000, 900, 10, 5);
  }

  private static Freed freed(long bytes, long missing) {
    return new Freed(List.of(), List.of(), bytes, missing);
  }

  @Test
  void theQuotaIsToldOfEachTimeThatItIsPassed() {
    assertThat(warnings.seen(using(100))).isEmpty();
    assertThat(warnings.seen(using(101)))
        .map(ImageDiskWarnings.Warning::reason)
        .contains("ImageQuotaExceeded");
    assertThat(warnings.seen(using(102))).isEmpty();
    assertThat(warnings.seen(using(90))).isEmpty();
    assertThat(warnings.seen(using(101))).isPresent();
  }

  @Test
  void tooLittleFreedIsToldInTheKubeletsWordsAndTwiceAsAFailureOfTheCollection() {
    assertThat(warnings.collected(freed(30, 70)))
        .containsExactly(
            new ImageDiskWarnings.Warning(
                "FreeDiskSpaceFailed",
                "Failed to garbage collect required amount of images. Attempted to free 100 bytes,"
                    + " but only found 30 bytes eligible to free."));
    assertThat(warnings.collected(freed(0, 70)))
        .extracting(ImageDiskWarnings.Warning::reason)
        .containsExactly("FreeDiskSpaceFailed", "ImageGCFailed");
    assertThat(warnings.collected(freed(0, 0))).isEmpty();
    assertThat(warnings.failed("why")).isEmpty();
    assertThat(warnings.failed("why")).isPresent();
  }
}
