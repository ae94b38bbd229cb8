package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.distribution.RunningRegistry;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.testbed.DebianRegistry;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a lazy start needs is asked for in few requests, and whatever is there is found. */
final class ImageOpeningTest {
  private static final int CHUNKS = 20;
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private SampleStream sample;
  private AccessTrace trace;

  /** An image in a registry, from both sides. */
  private record Image(RepositoryWriter writer, Repository repository, Descriptor manifest) {}

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, CHUNKS);
    trace = StartPackTest.trace(sample.index(), 9, 10, 3, 4);
  }

  @AfterEach
  void close() {
    registries.close();
  }

  private Image image(String host) throws Exception {
    ImageReference reference = ImageReference.parse(host + "/team/app:one");
    RepositoryWriter writer = registries.writer(reference, Optional.empty());
    return new Image(
        writer,
        registries.repository(reference, Optional.empty()),
        StreamReferrerTest.image(writer, "one"));
  }

  private void publishForm(Image image) throws Exception {
    StreamReferrer.publish(image.writer, image.manifest, List.of(sample.form()));
  }

  private void publishPack(Image image) throws Exception {
    StreamReferrer form =
        StreamReferrer.find(image.repository, image.manifest.digest()).orElseThrow();
    var layer = StartPackWriter.Layer.of(image.repository, form.layers().getFirst());
    var pack =
        StartPackWriter.write(List.of(layer), trace, directory.resolve("start-pack")).orElseThrow();
    StartReferrer.publish(image.writer, image.manifest, pack, NOON);
  }

  private Optional<ImageOpening> open(Image image, ImageOpening.Chunks chunks) throws Exception {
    return ImageOpening.open(image.repository, image.manifest.digest(), chunks);
  }

  /** All that was promised of the only layer is there, and it can be filled. */
  private void assertComplete(ImageOpening opening, String name) throws Exception {
    ImageOpening.Layer layer = opening.layer(SampleStream.DIFF_ID).orElseThrow();
    assertThat(opening.layers()).containsExactly(layer);
    assertThat(layer.index().toBytes()).isEqualTo(sample.index().toBytes());
    Path metadata = directory.resolve(name + "-metadata");
    try (InputStream stored = layer.metadata().open()) {
      MetadataBlob.unpack(layer.index(), stored, metadata);
    }
    assertThat(Files.readAllBytes(metadata)).isEqualTo(sample.metadata());
    try (var fixture =
        new LazyLayerFixture(
            sample,
            directory.resolve(name),
            LazyLayerFixture.PATIENT,
            opening.source(layer, "team/app"))) {
      try (var replay = opening.replay(opening.trace(), List.of(fixture.layer))) {
        replay.await();
        for (AccessTrace.Access access : opening.trace().accesses()) {
          assertThat(fixture.isPresent(access.chunk())).isTrue();
        }
      }
      fixture.fillAll();
      fixture.assertWhole();
      assertThat(fixture.layer.counters().sources().getFirst().failures()).isZero();
    }
  }

  @Test
  void aPackSavesAllOtherRequests() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      Image image = image(registry.host());
      publishForm(image);
      publishPack(image);
      image.repository.referrers(image.manifest.digest()); // now it is known to have the API
      registry.seen().clear();
      try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
        assertThat(opening.trace()).isEqualTo(trace);
        ImageOpening.Layer layer = opening.layers().getFirst();
        try (var fixture =
                new LazyLayerFixture(
                    sample,
                    directory.resolve("lazy"),
                    LazyLayerFixture.PATIENT,
                    opening.source(layer, "team/app"));
            var replay = opening.replay(opening.trace(), List.of(fixture.layer))) {
          replay.await();
          fixture.fill(10);
          assertThat(fixture.inFile(9)).isEqualTo(sample.chunk(9));
          assertThat(fixture.inFile(10)).isEqualTo(sample.chunk(10));
        }
      }
      long parts = registry.seen().stream().filter(s -> s.contains("/blobs/")).distinct().count();
      assertThat(parts).as("blobs").isEqualTo(1);
      assertThat(registry.seen().stream().filter(s -> s.contains("/referrers/"))).hasSize(1);
      assertThat(registry.seen()).noneMatch(s -> s.contains("/manifests/"));
    }
  }

  @Test
  void withAndWithoutPackAllIsFoundInARegistryWithTheApi() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      allIsFound(image(registry.host()));
    }
  }

  @Test
  void withAndWithoutPackAllIsFoundInARegistryWithoutTheApi() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    try (var registry = DebianRegistry.start(directory)) {
      allIsFound(image(registry.host()));
    }
  }

  private void allIsFound(Image image) throws Exception {
    assertThat(open(image, ImageOpening.Chunks.ALONG)).isEmpty();
    publishForm(image);
    try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
      assertThat(opening.trace().isEmpty()).isTrue();
      assertComplete(opening, "form");
    }
    TraceReferrer.publish(image.writer, image.manifest, trace, NOON);
    try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
      assertThat(opening.trace()).isEqualTo(trace);
      assertComplete(opening, "form-and-trace");
    }
    publishPack(image);
    try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
      assertThat(opening.trace()).isEqualTo(trace);
      assertComplete(opening, "pack");
    }
    try (var opening = open(image, ImageOpening.Chunks.ON_DEMAND).orElseThrow()) {
      assertComplete(opening, "head");
    }
    var closed = open(image, ImageOpening.Chunks.ALONG).orElseThrow();
    closed.close();
    assertComplete(closed, "closed");
  }

  @Test
  void aPackThatCannotBeReadIsPassedOver() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      Image image = image(registry.host());
      publishForm(image);
      TraceReferrer.publish(image.writer, image.manifest, trace, NOON);
      Bytes noise = Bytes.utf8("of a later version");
      Descriptor blob = Descriptor.of(StartReferrer.ARTIFACT_TYPE, noise);
      StartReferrer.KIND.publish(
          image.writer, image.manifest, blob, noise::asInputStream, NOON, Map.of());
      try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
        assertThat(opening.trace()).isEqualTo(trace);
        assertComplete(opening, "lazy");
      }
    }
  }

  @Test
  void aPackWithoutAStreamingFormIsNotUsed() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      Image image = image(registry.host());
      var layer = StartPackWriter.Layer.of(sample.form());
      var pack =
          StartPackWriter.write(List.of(layer), trace, directory.resolve("start-pack"))
              .orElseThrow();
      StartReferrer.publish(image.writer, image.manifest, pack, NOON);
      assertThat(open(image, ImageOpening.Chunks.ALONG)).isEmpty();
    }
  }

  @Test
  void runsAddToWhatIsBesideTheImage() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      Image image = image(registry.host());
      publishForm(image);
      var publication = new StartPublication(image.repository, image.writer, directory, "here");
      assertThat(publication.publish(image.manifest, trace, StartPublication.Run.COLD, NOON))
          .contains(trace);
      assertThat(publication.publish(image.manifest, trace, StartPublication.Run.COLD, NOON))
          .isEmpty();
      AccessTrace missed = StartPackTest.trace(sample.index(), 15);
      Optional<AccessTrace> united =
          publication.publish(
              image.manifest, missed, StartPublication.Run.PREPARED, NOON.plusSeconds(1));
      assertThat(united).contains(trace.extendedBy(missed));
      try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
        assertThat(opening.trace()).isEqualTo(trace.extendedBy(missed));
        assertComplete(opening, "lazy");
      }
      try (var left = Files.list(directory)) {
        assertThat(left).noneMatch(p -> p.toString().contains("start-pack"));
      }
    }
  }

  @Test
  void aPackWithoutATraceOpensAnImage() throws Exception {
    try (var registry = RunningRegistry.open(directory.resolve("registry"))) {
      Image image = image(registry.host());
      var none = new AccessTrace(List.of(), List.of());
      var publication = new StartPublication(image.repository, image.writer, directory, "here");
      assertThat(publication.publishPack(image.manifest, none, NOON)).isFalse();
      publishForm(image);
      assertThat(publication.publishPack(image.manifest, none, NOON)).isTrue();
      registry.seen().clear();
      try (var opening = open(image, ImageOpening.Chunks.ALONG).orElseThrow()) {
        assertThat(registry.seen()).noneMatch(s -> s.contains("/manifests/"));
        assertThat(opening.trace()).isEqualTo(none);
        assertComplete(opening, "lazy");
      }
    }
  }
}
