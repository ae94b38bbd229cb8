package dev.nacelle.bench.lazy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.Platform;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.BlobFile;
import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.FetchPolicy;
import dev.nacelle.image.stream.ImageOpening;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.LazyLayerSettings;
import dev.nacelle.image.stream.RegistryChunkSource;
import dev.nacelle.image.stream.StartPackWriter;
import dev.nacelle.image.stream.StartReferrer;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.image.stream.TraceReferrer;
import dev.nacelle.image.stream.TraceReplay;
import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * From the name of an image until all that its start needs is here, for a registry 0, 5 and 20 ms
 * away: one question after the other, in parts at once, and by a start pack.
 */
final class Openings {
  private static final List<Duration> AWAY =
      List.of(Duration.ZERO, Duration.ofMillis(5), Duration.ofMillis(20));

  /** How far one has come. */
  private record Times(Samples opened, Samples ready) {}

  @FunctionalInterface
  private interface Way {
    void run(Repository repository, Times times) throws IOException, InterruptedException;
  }

  private final LayerSample sample;
  private final Path work;
  private int layers;

  private Openings(LayerSample sample, Path work) {
    this.sample = sample;
    this.work = work;
  }

  static void run(Session session, LayerSample sample, Path work, int count)
      throws IOException, InterruptedException {
    session.heading(
        "lazy: from the name of an image to its %.1f MB (metadata %.1f MB) that a start needs"
            .formatted(sample.neededBytes() / 1e6, sample.index().metadata().storedBytes() / 1e6));
    var openings = new Openings(sample, work);
    Table table = new Table("", "registry", "ms away", "opened p50 ms", "chunks p50 ms", "min ms");
    try (Registries registries = Registries.start(work)) {
      for (Registries.Running registry : registries.running()) {
        openings.push(registry);
        openings.measure(registry, Duration.ZERO, 2, new Table("", "", "", "", "", ""));
        for (Duration away : AWAY) {
          openings.measure(registry, away, count, table);
        }
      }
    }
    session.out().println();
    table.print(session.out());
  }

  private static ImageReference reference(int port, String repository) {
    return ImageReference.parse("127.0.0.1:" + port + "/" + repository + ":one");
  }

  /** One image without a pack, and one with. */
  private void push(Registries.Running registry) throws IOException, InterruptedException {
    try (var client = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE)) {
      for (String name : List.of("parts", "pack")) {
        ImageReference reference = reference(registry.port(), name);
        RepositoryWriter writer = client.writer(reference, Optional.empty());
        Bytes config = Bytes.utf8("{}");
        Descriptor blob = Descriptor.of("application/vnd.oci.image.config.v1+json", config);
        writer.pushBlob(blob, config::asInputStream);
        Bytes manifest =
            Bytes.utf8(
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[]}"
                    .formatted(MediaTypes.OCI_MANIFEST, blob.toJson()));
        Descriptor image =
            writer.pushManifest(MediaTypes.OCI_MANIFEST, manifest, Optional.of("one"));
        StreamReferrer.publish(writer, image, List.of(sample.form()));
        TraceReferrer.publish(writer, image, sample.trace(), Instant.EPOCH);
        if (name.equals("pack")) {
          Path file = work.resolve("start-pack-" + registry.port());
          var pack =
              StartPackWriter.write(
                  List.of(StartPackWriter.Layer.of(sample.form())), sample.trace(), file);
          StartReferrer.publish(writer, image, pack.orElseThrow(), Instant.EPOCH);
        }
      }
    }
  }

  private void measure(Registries.Running registry, Duration away, int count, Table table)
      throws IOException, InterruptedException {
    var names = List.of("step by step", "parts at once", "start pack");
    var repositories = List.of("parts", "parts", "pack");
    List<Way> ways = List.of(this::stepByStep, this::opened, this::opened);
    List<Times> times = names.stream().map(n -> new Times(new Samples(), new Samples())).toList();
    for (int i = 0; i < count; i++) {
      for (int way = 0; way < names.size(); way++) {
        try (var proxy = DelayingProxy.start(registry.port(), away);
            var client = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE)) {
          Repository repository =
              client.repository(reference(proxy.port(), repositories.get(way)), Optional.empty());
          ways.get(way).run(repository, times.get(way));
        }
      }
    }
    for (int way = 0; way < names.size(); way++) {
      table.row(
          names.get(way),
          registry.name(),
          String.valueOf(away.toMillis()),
          Table.number(times.get(way).opened().median()),
          Table.number(times.get(way).ready().median()),
          Table.number(times.get(way).ready().min()));
    }
  }

  private static String digest(Repository repository) throws InterruptedException {
    return repository.resolve(Platform.host()).digest();
  }

  private void stepByStep(Repository repository, Times times)
      throws IOException, InterruptedException {
    long begun = System.nanoTime();
    String digest = digest(repository);
    StreamReferrer.Layer form =
        StreamReferrer.find(repository, digest).orElseThrow().layers().getFirst();
    StreamIndex index = StreamReferrer.fetchIndex(repository, form);
    try (InputStream metadata = repository.blob(form.metadata())) {
      metadata.readAllBytes();
    }
    AccessTrace trace = TraceReferrer.find(repository, digest).orElseThrow();
    times.opened().add((System.nanoTime() - begun) / 1e6);
    var source = new RegistryChunkSource(index, repository, form.chunks(), "far");
    replay(source, layer -> TraceReplay.start(trace, List.of(layer)), begun, times);
  }

  private void opened(Repository repository, Times times) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    String digest = digest(repository);
    try (ImageOpening opening =
        ImageOpening.open(repository, digest, ImageOpening.Chunks.ALONG).orElseThrow()) {
      times.opened().add((System.nanoTime() - begun) / 1e6);
      ImageOpening.Layer layer = opening.layers().getFirst();
      replay(
          opening.source(layer, "far"),
          lazy -> opening.replay(opening.trace(), List.of(lazy)),
          begun,
          times);
    }
  }

  private void replay(
      ChunkSource source, Function<LazyLayer, TraceReplay> start, long begun, Times times)
      throws IOException, InterruptedException {
    Path directory = Files.createDirectory(work.resolve("opened-" + layers++));
    var files = new LazyLayerFiles(directory);
    files.create(sample.index(), "boot");
    var settings =
        new LazyLayerSettings(
            List.of(source), FetchPolicy.DEFAULT, InstantSource.system(), "boot", () -> {});
    try (FileChannel data =
            FileChannel.open(files.data(), StandardOpenOption.READ, StandardOpenOption.WRITE);
        LazyLayer layer = LazyLayer.open(sample.index(), files, BlobFile.of(data), settings);
        var replay = start.apply(layer)) {
      replay.await();
      for (int chunk : sample.needed()) {
        layer.fill((long) chunk * LayerSample.CHUNK_BYTES, 1);
      }
      times.ready().add((System.nanoTime() - begun) / 1e6);
    } finally {
      Trees.delete(directory);
    }
  }
}
