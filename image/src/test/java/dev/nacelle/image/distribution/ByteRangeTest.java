package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ByteRangeTest {
  @Test
  void everyRangeOfEverySizeIsWithinTheContentOrRefused() {
    for (long size = 0; size < 6; size++) {
      for (int first = -1; first < 8; first++) {
        for (int last = -1; last < 8; last++) {
          String header =
              "bytes=" + (first < 0 ? "" : first + "") + "-" + (last < 0 ? "" : last + "");
          switch (ByteRange.wanted(Optional.of(header), size)) {
            case ByteRange.Wanted.Part(var range) -> {
              assertThat(range.first()).as(header).isBetween(0L, range.last());
              assertThat(range.last()).as(header).isLessThan(size);
            }
            case ByteRange.Wanted.Whole whole ->
                assertThat(first < 0 && last < 0 || last >= 0 && last < first).as(header).isTrue();
            case ByteRange.Wanted.Unsatisfiable none ->
                assertThat(first >= size || first < 0 && (last == 0 || size == 0))
                    .as(header)
                    .isTrue();
          }
        }
      }
    }
  }

  @Test
  void uploadsNameTheirRangeAsDockerDoesOrAsHttpDoes() {
    for (String text : new String[] {"3-7", "bytes 3-7/*", "bytes=3-7", "3-7/100"}) {
      assertThat(ByteRange.ofUpload(text)).contains(new ByteRange(3, 7));
    }
    for (String text :
        new String[] {"", "-", "7-3", "a-b", "3-", "3-7-9", "3-9999999999999999999"}) {
      assertThat(ByteRange.ofUpload(text)).isEmpty();
    }
  }
}
