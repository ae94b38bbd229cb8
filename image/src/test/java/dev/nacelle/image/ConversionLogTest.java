package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.distribution.ContentDigest;
import dev.nacelle.image.distribution.RepositoryName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is remembered of a registry's manifests, whatever became of the file. */
final class ConversionLogTest {
  @TempDir Path directory;

  private static ConversionLog.Entry entry(String repository, int number) {
    return ConversionLog.Entry.of(
        new RepositoryName(repository),
        ContentDigest.of(ContentDigest.Algorithm.SHA256, Bytes.utf8("manifest " + number)));
  }

  private ConversionLog open() throws Exception {
    return ConversionLog.open(directory.resolve("converted"));
  }

  @Test
  void tenThousandManifestsAreRememberedByRepositoryIn16BytesEach() throws Exception {
    ConversionLog log = open();
    for (int i = 0; i < 10_000; i++) {
      log.add(entry("team/app", i));
    }
    ConversionLog again = open();
    assertThat(again.size()).isEqualTo(10_000);
    assertThat(again.has(entry("team/app", 9_999))).isTrue();
    assertThat(again.has(entry("team/other", 9_999))).isFalse();
    assertThat(again.has(entry("team/app", 10_000))).isFalse();
    assertThat(directory.resolve("converted")).hasSize(16 * 10_001);
  }

  @Test
  void whatIsGoneIsForgotten() throws Exception {
    ConversionLog log = open();
    log.add(entry("app", 1));
    log.add(entry("app", 2));
    log.retain(Set.of(entry("app", 2), entry("app", 3)));
    assertThat(log.has(entry("app", 1))).isFalse();
    log.add(entry("app", 4));
    ConversionLog again = open();
    assertThat(again.size()).isEqualTo(2);
    assertThat(again.has(entry("app", 2)) && again.has(entry("app", 4))).isTrue();
  }

  @Test
  void aTornEndLosesWhatIsTornAndNothingElse() throws Exception {
    ConversionLog log = open();
    List<ConversionLog.Entry> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(entry("app", i));
      log.add(all.getLast());
    }
    Path file = directory.resolve("converted");
    byte[] bytes = Files.readAllBytes(file);
    for (int size = 0; size <= bytes.length; size += 5) {
      Files.write(file, java.util.Arrays.copyOf(bytes, size));
      ConversionLog torn = open();
      int whole = Math.max(0, size / 16 - 1);
      assertThat(torn.size()).isEqualTo(whole);
      assertThat(new HashSet<>(all.subList(0, whole))).allMatch(torn::has);
      torn.add(entry("app", 100));
      assertThat(open().has(entry("app", 100))).isTrue();
    }
  }

  @Test
  void aFileThatIsSomethingElseSaysNothing() throws Exception {
    Path file = directory.resolve("converted");
    Files.writeString(file, "of another version or no log at all, whatever it may be");
    assertThat(open().size()).isZero();
    Files.writeString(file, "more", StandardOpenOption.APPEND);
    assertThat(open().size()).isZero();
  }
}
