package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.distribution.RunningRegistry;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A newer trace takes the place of the older ones, as far as the registry lets it. */
final class StartPublicationTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final int CHUNKS = 48;

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private SampleStream sample;

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, CHUNKS);
  }

  @AfterEach
  void close() {
    registries.close();
  }

  /** An image with its streaming form. */
  private final class Image {
    private final RepositoryWriter writer;
    private final Repository repository;
    private final Descriptor manifest;

    Image(String host) throws Exception {
      ImageReference reference = ImageReference.parse(host + "/team/app:one");
      writer = registries.writer(reference, Optional.empty());
      repository = registries.repository(reference, Optional.empty());
      manifest = StreamReferrerTest.image(writer, "one");
      StreamReferrer.publish(writer, manifest, List.of(sample.form()));
    }

    Optional<AccessTrace> publish(int minute, StartPublication.Run run, int... chunks)
        throws Exception {
      return publish(writer, minute, run, chunks);
    }

    Optional<AccessTrace> publish(
        ReferrerPlace place, int minute, StartPublication.Run run, int... chunks) throws Exception {
      return publication(place)
          .publish(manifest, trace(chunks), run, NOON.plusSeconds(60L * minute));
    }

    StartPublication publication(ReferrerPlace place) {
      return new StartPublication(repository, place, directory, "host-" + place.hashCode());
    }

    List<Referrer> listed(String type) throws Exception {
      return repository.referrers(manifest.digest()).stream()
          .filter(r -> r.artifactType().equals(type))
          .toList();
    }

    /** One of each kind, and the trace is this one. */
    void assertAlone(AccessTrace expected) throws Exception {
      assertThat(listed(StreamReferrer.ARTIFACT_TYPE)).hasSize(1);
      assertThat(listed(TraceReferrer.ARTIFACT_TYPE)).hasSize(1);
      assertThat(listed(StartReferrer.ARTIFACT_TYPE)).hasSize(1);
      assertThat(TraceReferrer.find(repository, manifest.digest())).contains(expected);
      try (var opening =
          ImageOpening.open(repository, manifest.digest(), ImageOpening.Chunks.ALONG)
              .orElseThrow()) {
        assertThat(opening.trace()).isEqualTo(expected);
      }
    }
  }

  private AccessTrace trace(int... chunks) {
    return StartPackTest.trace(sample.index(), chunks);
  }

  @Test
  void theBuiltInRegistryHasTheNewestAlone() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      var image = new Image(registry.host());
      image.publish(0, StartPublication.Run.COLD, 1, 2);
      image.assertAlone(trace(1, 2));
      Optional<AccessTrace> more = image.publish(1, StartPublication.Run.PREPARED, 7);
      assertThat(more.orElseThrow().accesses()).hasSize(3);
      image.assertAlone(more.get());
      assertThat(BlobReferrer.host(image.listed(TraceReferrer.ARTIFACT_TYPE).getFirst()))
          .startsWith("host-");
    }
  }

  @Test
  void aRecordingAnewReplacesWhatWasThereAlsoByLess() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      var image = new Image(registry.host());
      image.publish(0, StartPublication.Run.COLD, 1, 2, 3, 4);
      assertThat(image.publish(1, StartPublication.Run.ANEW, 9)).contains(trace(9));
      image.assertAlone(trace(9));
      assertThat(image.publish(2, StartPublication.Run.ANEW, 9)).isEmpty();
    }
  }

  @Test
  void aLittleIsAddedByTheFirstRunsAndNotByLaterOnes() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      var image = new Image(registry.host());
      int[] many = IntStream.range(0, CHUNKS - StartPublication.FEW_RUNS).toArray();
      image.publish(0, StartPublication.Run.COLD, many);
      for (int run = 1; run < StartPublication.FEW_RUNS; run++) {
        int chunk = CHUNKS - 1 - run;
        assertThat(image.publish(run, StartPublication.Run.PREPARED, chunk)).isPresent();
      }
      assertThat(image.publish(50, StartPublication.Run.PREPARED, CHUNKS - 1)).isEmpty();
    }
  }

  @Test
  void withdrawingLeavesAPackWithoutATrace() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      var image = new Image(registry.host());
      assertThat(image.publication(image.writer).withdraw(image.manifest))
          .isEqualTo(new StartPublication.Withdrawn(0, 0));
      image.publish(0, StartPublication.Run.COLD, 1, 2, 3, 4);
      assertThat(image.publication(image.writer).withdraw(image.manifest))
          .isEqualTo(new StartPublication.Withdrawn(1, 0));
      assertThat(image.listed(TraceReferrer.ARTIFACT_TYPE)).isEmpty();
      assertThat(image.listed(StartReferrer.ARTIFACT_TYPE)).hasSize(1);
      try (var opening =
          ImageOpening.open(image.repository, image.manifest.digest(), ImageOpening.Chunks.ALONG)
              .orElseThrow()) {
        assertThat(opening.trace().isEmpty()).isTrue();
      }
    }
  }

  @Test
  void aRegistryWithListsBehindTagsThatDeletesNothingListsOneOfEach() throws Exception {
    assumeTrue(DebianRegistry.isInstalled(), "needs docker-registry");
    try (var registry = DebianRegistry.start(directory, "")) {
      assertOneOfEachIsLeft(registry);
    }
  }

  @Test
  void aRegistryWithListsBehindTagsThatDeletesIsLeftWithOneOfEach() throws Exception {
    assumeTrue(DebianRegistry.isInstalled(), "needs docker-registry");
    try (var registry = DebianRegistry.deleting(directory)) {
      assertOneOfEachIsLeft(registry);
    }
  }

  private void assertOneOfEachIsLeft(DebianRegistry registry) throws Exception {
    var image = new Image(registry.host());
    image.publish(0, StartPublication.Run.COLD, 1, 2);
    Referrer first = image.listed(TraceReferrer.ARTIFACT_TYPE).getFirst();
    Optional<AccessTrace> second = image.publish(1, StartPublication.Run.PREPARED, 7);
    image.assertAlone(second.orElseThrow());
    assertThat(image.listed(TraceReferrer.ARTIFACT_TYPE)).doesNotContain(first);
  }

  /** Pushes, and keeps what it should delete. */
  private record KeepingPlace(ReferrerPlace place) implements ReferrerPlace {
    @Override
    public void pushBlob(Descriptor descriptor, HttpRequest.Source content)
        throws IOException, InterruptedException {
      place.pushBlob(descriptor, content);
    }

    @Override
    public Referrer pushReferrer(
        String subject, String mediaType, String artifactType, Bytes manifest)
        throws IOException, InterruptedException {
      return place.pushReferrer(subject, mediaType, artifactType, manifest);
    }

    @Override
    public List<Referrer> removeReferrers(String subject, List<Referrer> referrers) {
      return referrers;
    }
  }

  @Test
  void aRegistryThatDeletesNothingIsNotFilledForEver() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      var image = new Image(registry.host());
      var keeping = new KeepingPlace(image.writer);
      for (int n = 0; n < StartPublication.MOST_LEFT; n++) {
        assertThat(image.publish(keeping, n, StartPublication.Run.PREPARED, n)).isPresent();
      }
      assertThat(image.publish(keeping, 100, StartPublication.Run.PREPARED, 19)).isEmpty();
      assertThat(image.listed(TraceReferrer.ARTIFACT_TYPE)).hasSize(StartPublication.MOST_LEFT);
    }
  }
}
