package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WholeReadsTest {
  @TempDir Path directory;
  private final List<LazyLayerFixture> fixtures = new ArrayList<>();
  private final List<List<LazyLayer>> told = new ArrayList<>();
  private WholeReads reads;

  /** Layers of 2, 9 and 11 chunks. */
  @BeforeEach
  void open() throws Exception {
    for (int chunks : List.of(2, 9, 11)) {
      Path of = Files.createDirectory(directory.resolve("layer-" + chunks));
      SampleStream sample = SampleStream.make(of, chunks);
      fixtures.add(
          new LazyLayerFixture(
              sample, of.resolve("lazy"), LazyLayerFixture.PATIENT, ScriptedSource.honest(sample)));
    }
    reads = new WholeReads(fixtures.stream().map(f -> f.layer).toList(), told::add);
  }

  @AfterEach
  void close() throws IOException {
    for (LazyLayerFixture fixture : fixtures) {
      fixture.close();
    }
  }

  private LazyLayer layer(int n) {
    return fixtures.get(n).layer;
  }

  @Test
  void aSmallLayerDoesNotSpeakForTheImage() {
    reads.readsAll(layer(0).index());
    assertThat(told).isEmpty();
  }

  @Test
  void aQuarterOfTheChunksDoesOnceForTheLayersThatAreNotKnownYet() {
    reads.readsAll(layer(0).index());
    reads.readsAll(layer(1).index());
    reads.readsAll(layer(2).index());
    assertThat(told).containsExactly(List.of(layer(2)));
  }

  @Test
  void aLayerThatIsReadWholeIsFetchedToItsEnd() throws Exception {
    layer(1).readsAll();
    layer(1).awaitWhole();
    fixtures.get(1).assertWhole();
  }
}
