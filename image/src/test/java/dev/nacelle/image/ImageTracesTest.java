package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.distribution.RunningRegistry;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.StartPublication;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.StreamReferrer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of the trace of an image, from its registry and from this host. */
final class ImageTracesTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final int CHUNK = 512 << 10;

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private RunningRegistry registry;
  private LocalImageStore store;
  private ImageReference reference;

  @BeforeEach
  void open() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    registry = RunningRegistry.open(directory.resolve("registry"));
    store = LocalImageStore.open(directory.resolve("node"), registries, Clock.systemUTC());
    reference = ImageReference.parse(registry.host() + "/team/app:1");
    Path tree = directory.resolve("tree");
    Files.createDirectories(tree.resolve("bin"));
    byte[] noise = new byte[3 * CHUNK];
    new Random(5).nextBytes(noise);
    Files.write(tree.resolve("bin/large"), noise);
    Files.writeString(tree.resolve("bin/small"), "small");
    store.importArchive(tree, reference);
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.unmountIdleLayers();
      store.close();
    }
    registries.close();
    if (registry != null) {
      registry.close();
    }
  }

  private void push() throws Exception {
    new ImagePush(store)
        .push(
            reference,
            reference,
            PullSecrets.NONE,
            ImagePush.Layers.ORIGINAL,
            LayerProgress.SILENT);
    store.unmountIdleLayers();
    store.remove(reference);
  }

  private void convert() throws Exception {
    new ImageConversion(store)
        .convert(reference, PullSecrets.NONE, ImageConversion.Platforms.HOST, LayerProgress.SILENT);
  }

  private Repository repository() {
    return registries.repository(reference, Optional.empty());
  }

  private Descriptor manifest() throws Exception {
    return Descriptor.ofManifest(repository().resolve(Platform.host()).manifests().getLast());
  }

  private StreamIndex index() throws Exception {
    Repository repository = repository();
    StreamReferrer form = StreamReferrer.find(repository, manifest().digest()).orElseThrow();
    return StreamReferrer.fetchIndex(repository, form.layers().getFirst());
  }

  private AccessTrace trace(int... chunks) throws Exception {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : chunks) {
      accesses.add(new AccessTrace.Access(0, chunk, 1000L * accesses.size()));
    }
    return new AccessTrace(List.of(AccessTrace.Layer.of(index())), accesses);
  }

  private void publish(AccessTrace trace) throws Exception {
    RepositoryWriter writer = registries.writer(reference, Optional.empty());
    new StartPublication(repository(), writer, directory, "elsewhere")
        .publish(manifest(), trace, StartPublication.Run.COLD, NOON);
  }

  private ImageTraces traces() {
    return new ImageTraces(store, Clock.systemUTC());
  }

  private TraceReport show() throws Exception {
    return traces().show(reference, PullSecrets.NONE, LayerProgress.SILENT);
  }

  private void assertNone(String why) {
    assertThatThrownBy(this::show)
        .isInstanceOf(ImageException.class)
        .hasMessage("cannot show the trace of image " + reference + ": " + why);
  }

  @Test
  void theTraceOfTheRegistryIsShownWithItsFiles() throws Exception {
    push();
    convert();
    publish(trace(1, 2, 0));
    TraceReport report = show();
    assertThat(report.source()).isEqualTo(TraceReport.Source.REGISTRY);
    assertThat(report.created()).contains(NOON);
    assertThat(report.host()).isEqualTo("elsewhere");
    assertThat(report.manifest()).isEqualTo(manifest().digest());
    assertThat(report.length()).isEqualTo(Duration.ofMillis(2));
    assertThat(report.packs()).hasSize(1);
    StreamIndex index = index();
    assertThat(report.whole())
        .isEqualTo(new TraceReport.Size(index.chunks(), index.dataBytes(), index.storedBytes()));
    assertThat(report.needed().bytes()).isEqualTo(3L * CHUNK);
    assertThat(report.percent()).isBetween(90L, 100L);
    List<TraceReport.Extent> extents = report.layers().getFirst().extents();
    assertThat(extents).hasSize(2);
    assertThat(extents.getFirst().firstChunk()).isEqualTo(1);
    assertThat(extents.getFirst().size().chunks()).isEqualTo(2);
    assertThat(extents.getFirst().files()).containsExactly("/bin/large");
    assertThat(extents.getLast().at()).isEqualTo(Duration.ofMillis(2));
    assertThat(report.toJson().string("source")).contains("registry");
    assertThat(report.toJson().array("layers").objects().findFirst().orElseThrow().array("extents"))
        .hasSize(2);
  }

  @Test
  void metadataThatIsFetchedForTheFilesIsTold() throws Exception {
    push();
    convert();
    publish(trace(0));
    var whole = new AtomicInteger();
    traces()
        .show(
            reference,
            PullSecrets.NONE,
            (phase, layer, done, total) -> {
              if (done == total && phase == LayerProgress.Phase.PULL) {
                whole.incrementAndGet();
              }
            });
    assertThat(whole.get()).isPositive();
    try (var left = Files.list(directory.resolve("node/images/tmp"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void eachThingThatCanBeMissingHasItsWords() throws Exception {
    assertThatThrownBy(this::show)
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("it was imported")
        .hasMessageContaining("try image push");
    push();
    assertNone(
        "it has no streaming form, without which nothing is traced; try image convert "
            + reference);
    convert();
    assertNone("nobody has started it cold yet; start it on a host");
    reference = ImageReference.parse(registry.host() + "/team/none:1");
    assertNone("neither its registry has such an image, nor is it here; try image list");
  }

  @Test
  void thisHostsTraceIsUsedWhereTheRegistryHasNoneAndCanBePushed() throws Exception {
    push();
    convert();
    assertThatThrownBy(() -> traces().push(reference, PullSecrets.NONE))
        .hasMessageContaining("this host has none");
    keep(trace(2));
    assertThat(show().source()).isEqualTo(TraceReport.Source.HOST);
    assertThat(traces().push(reference, PullSecrets.NONE)).contains(1);
    assertThat(show().source()).isEqualTo(TraceReport.Source.REGISTRY);
    assertThat(traces().push(reference, PullSecrets.NONE)).as("it is there").isEmpty();
  }

  private void keep(AccessTrace trace) throws Exception {
    new KeptTraces(new StoreLayout(directory.resolve("node"))).keep(manifest().digest(), trace);
  }

  @Test
  void deletingTakesAllAwayAndSaysWhatThereWas() throws Exception {
    push();
    convert();
    publish(trace(1, 2));
    keep(trace(1));
    assertThat(traces().delete(reference, PullSecrets.NONE))
        .isEqualTo(new ImageTraces.Deleted(true, 1, 0));
    assertNone("nobody has started it cold yet; start it on a host");
    assertThat(traces().delete(reference, PullSecrets.NONE))
        .isEqualTo(new ImageTraces.Deleted(false, 0, 0));
  }

  @Test
  void aRecordingIsAskedForAndSaid() throws Exception {
    push();
    convert();
    publish(trace(1, 2));
    keep(trace(1));
    assertThat(traces().recordAnew(reference, PullSecrets.NONE))
        .isEqualTo(ImageTraces.Recording.NEXT_START);
    assertThat(show().note()).contains("is recorded anew");
    store.ensure(PullRequest.of(reference, PullPolicy.ALWAYS), PullProgress.SILENT);
    assertThat(traces().recordAnew(reference, PullSecrets.NONE))
        .isEqualTo(ImageTraces.Recording.AFTER_REMOVAL);
  }

  @Test
  void withoutTheRegistryWhatThisHostHasIsShown() throws Exception {
    push();
    convert();
    AccessTrace trace = trace(0, 1);
    String manifest = manifest().digest();
    store.ensure(PullRequest.of(reference, PullPolicy.ALWAYS), PullProgress.SILENT);
    registry.close();
    assertThatThrownBy(this::show)
        .hasMessageContaining("this host has none, and its registry cannot be asked: ");
    new KeptTraces(new StoreLayout(directory.resolve("node"))).keep(manifest, trace);
    TraceReport report = show();
    assertThat(report.source()).isEqualTo(TraceReport.Source.HOST);
    assertThat(report.note()).contains("its registry cannot be asked");
    assertThat(report.layers().getFirst().extents().getFirst().files()).contains("/bin/large");
    assertThatThrownBy(() -> traces().push(reference, PullSecrets.NONE))
        .hasMessageContaining("its registry cannot be asked");
    reference = ImageReference.parse(registry.host() + "/team/none:1");
    assertThatThrownBy(this::show)
        .hasMessageContaining("it is not here, and its registry cannot be asked: ");
  }
}
