package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.AccessTrace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a host remembers what starts have needed. */
final class KeptTracesTest {
  private static final AccessTrace TRACE =
      new AccessTrace(
          List.of(new AccessTrace.Layer("sha256:" + "a".repeat(64), Bytes.wrap(new byte[32]))),
          List.of(new AccessTrace.Access(0, 3, 0)));

  @TempDir Path directory;
  private StoreLayout layout;
  private KeptTraces kept;

  @BeforeEach
  void open() throws Exception {
    layout = new StoreLayout(directory.resolve("node"));
    Files.createDirectories(layout.temporary());
    kept = new KeptTraces(layout);
  }

  private static String image(int number) {
    return Sha256.of(Bytes.utf8("image " + number));
  }

  private void age(int number, Instant to) throws Exception {
    Files.setLastModifiedTime(layout.trace(image(number)), FileTime.from(to));
  }

  @Test
  void tracesOutliveTheirImagesForAWeek() throws Exception {
    Instant now = Instant.now();
    for (int n = 0; n < 3; n++) {
      kept.keep(image(n), TRACE);
    }
    age(0, now.minus(KeptTraces.WITHOUT_IMAGE).minusSeconds(60));
    age(1, now.minus(KeptTraces.WITHOUT_IMAGE).minusSeconds(60));
    age(2, now.minus(KeptTraces.WITHOUT_IMAGE).plusSeconds(60));
    kept.forgetGone(Set.of(image(1)), now);
    assertThat(kept.find(image(0))).as("its image is gone since long").isEmpty();
    assertThat(kept.find(image(1))).as("its image is here").contains(TRACE);
    assertThat(kept.find(image(2))).as("it was made lately").contains(TRACE);
  }

  @Test
  void theirNumberIsBoundedAndTheOldestGoFirst() throws Exception {
    Instant first = Instant.now().minusSeconds(100_000);
    for (int n = 0; n < KeptTraces.MOST; n++) {
      Files.write(layout.trace(image(n)), TRACE.toBytes().toByteArray());
      age(n, first.plusSeconds(n));
    }
    kept.keep(image(1000), TRACE);
    assertThat(kept.find(image(0))).isEmpty();
    assertThat(kept.find(image(1))).isPresent();
    assertThat(kept.find(image(1000))).isPresent();
  }

  @Test
  void aRecordingThatWasAskedForLastsUntilATraceIsKept() throws Exception {
    kept.keep(image(1), TRACE);
    kept.recordAnew(image(1));
    assertThat(kept.find(image(1))).isEmpty();
    assertThat(new KeptTraces(layout).isToBeRecorded(image(1))).isTrue();
    kept.keep(image(1), TRACE);
    assertThat(kept.isToBeRecorded(image(1))).isFalse();
    kept.recordAnew(image(1));
    assertThat(kept.drop(image(1))).as("there was no trace").isFalse();
    assertThat(kept.isToBeRecorded(image(1))).isFalse();
  }
}
