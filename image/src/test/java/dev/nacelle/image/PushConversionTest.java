package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.ContentDigest;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import dev.nacelle.image.distribution.RepositoryName;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is pushed to the built-in registry gets its streaming form. */
final class PushConversionTest {
  private static final Bytes KEY = Bytes.utf8("a key of tests, which nobody else has");

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private final EventLoops loops = EventLoops.start(1);
  private Path layout;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/skopeo")), "needs skopeo");
    layout = SampleLayout.write(directory);
  }

  @AfterEach
  void close() {
    registries.close();
    loops.close();
  }

  /** The built-in registry with a conversion, on loopback. */
  private final class Running implements AutoCloseable {
    private final BuiltInRegistry registry;
    private final HttpServer server;

    Running(PushListener listener) throws IOException {
      registry =
          BuiltInRegistry.open(
              directory.resolve("registry"),
              new BuiltInRegistry.Settings("test", KEY, RegistryLimits.DEFAULT),
              RegistryAccess.OPEN,
              listener,
              Clock.systemUTC());
      server =
          HttpServer.builder(loops, registry)
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .start();
    }

    ImageReference push(String name) throws Exception {
      String target = "127.0.0.1:" + server.port() + "/" + name;
      LocalImageStoreTest.sh(
          layout,
          "skopeo --insecure-policy copy -q --dest-tls-verify=false oci:"
              + layout
              + ":it docker://"
              + target);
      return ImageReference.parse(target);
    }

    @Override
    public void close() {
      server.close();
      registry.close();
    }
  }

  private Optional<StreamReferrer> form(ImageReference reference) throws Exception {
    Repository repository = registries.repository(reference, Optional.empty());
    return StreamReferrer.find(
        repository, Descriptor.of(MediaTypes.OCI_MANIFEST, repository.manifest()).digest());
  }

  private StreamReferrer awaitForm(ImageReference reference) throws Exception {
    Instant end = Instant.now().plus(Duration.ofSeconds(60));
    while (Instant.now().isBefore(end)) {
      Optional<StreamReferrer> form = form(reference);
      if (form.isPresent()) {
        return form.get();
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("no form of " + reference);
  }

  private Path temporary() {
    return directory.resolve("converting");
  }

  private Path done() {
    return directory.resolve("converted");
  }

  private void removeForm(Running running, ImageReference reference) throws Exception {
    Repository repository = registries.repository(reference, Optional.empty());
    String image = Descriptor.of(MediaTypes.OCI_MANIFEST, repository.manifest()).digest();
    var forms = repository.referrers(image, StreamReferrer.ARTIFACT_TYPE);
    assertThat(forms).hasSize(1);
    assertThat(
            running
                .registry
                .content()
                .deleteManifest(
                    new RepositoryName(reference.path()),
                    ContentDigest.parse(forms.getFirst().descriptor().digest()).orElseThrow()))
        .isTrue();
  }

  @Test
  void whatWasDoneIsNotLookedAtAgainAtTheStartButAfterAPush() throws Exception {
    try (var conversion = new PushConversion(temporary(), done());
        var running = new Running(conversion)) {
      conversion.start(running.registry.content());
      ImageReference app = running.push("team/app:1");
      awaitForm(app);
      awaitNoted(2); // the image, which is noted after its form and its pack
      removeForm(running, app);
      running.push("team/app:2"); // the same image: is made a form again
      awaitForm(app);
      removeForm(running, app);
    }
    try (var conversion = new PushConversion(temporary(), done());
        var running = new Running(conversion)) {
      conversion.start(running.registry.content());
      awaitForm(running.push("other/app:1")); // behind the look at the start
      ImageReference app =
          ImageReference.parse("127.0.0.1:" + running.server.port() + "/team/app:1");
      assertThat(form(app)).isEmpty();
    }
  }

  /** The log has a head and 16 bytes an entry. */
  private void awaitNoted(int pieces) throws Exception {
    Instant end = Instant.now().plus(Duration.ofSeconds(60));
    while (!Files.exists(done()) || Files.size(done()) < 16L * pieces) {
      assertThat(Instant.now()).isBefore(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void whatIsPushedIsConverted() throws Exception {
    try (var conversion = new PushConversion(temporary(), done());
        var running = new Running(conversion)) {
      conversion.start(running.registry.content());
      StreamReferrer form = awaitForm(running.push("team/app:1"));
      assertThat(form.layers()).hasSize(2);
      for (StreamReferrer.Layer layer : form.layers()) {
        ContentDigest chunks = ContentDigest.parse(layer.chunks().digest()).orElseThrow();
        try (var blob =
            running.registry.content().blob(new RepositoryName("team/app"), chunks).orElseThrow()) {
          assertThat(blob.size()).isEqualTo(layer.chunks().sizeBytes());
        }
      }
    }
    try (Stream<Path> files = Files.list(temporary())) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void whatWasPushedWhileNobodyConvertedIsFoundAtTheStart() throws Exception {
    try (var running = new Running(PushListener.NONE)) {
      running.push("missed:1");
      running.push("other/missed:2");
    }
    Files.createDirectories(temporary().resolve("left-over"));
    try (var conversion = new PushConversion(temporary(), done());
        var running = new Running(conversion)) {
      assertThat(temporary().resolve("left-over")).doesNotExist();
      conversion.start(running.registry.content());
      for (String name : new String[] {"missed:1", "other/missed:2"}) {
        awaitForm(ImageReference.parse("127.0.0.1:" + running.server.port() + "/" + name));
      }
    }
  }

  @Test
  void whatIsNoImageIsLeftAloneAndADamagedOneStopsNothing() throws Exception {
    try (var conversion = new PushConversion(temporary(), done());
        var running = new Running(conversion)) {
      conversion.start(running.registry.content());
      ImageReference chart =
          ImageReference.parse("127.0.0.1:" + running.server.port() + "/charts/web:1");
      RepositoryWriter writer = registries.writer(chart, Optional.empty());
      push(writer, "application/vnd.cncf.helm.config.v1+json", "{}", "chart");
      push(writer, "application/vnd.oci.image.config.v1+json", "{\"rootfs\":{}}", "damaged");
      StreamReferrer form = awaitForm(running.push("app:1"));
      assertThat(form.layers()).hasSize(2);
      for (String tag : new String[] {"chart", "damaged"}) {
        assertThat(form(ImageReference.parse(chart.repository() + ":" + tag))).isEmpty();
      }
    }
  }

  private static void push(RepositoryWriter writer, String configType, String text, String tag)
      throws Exception {
    Bytes config = Bytes.utf8(text);
    Bytes layer = Bytes.utf8("no tar");
    Descriptor c = Descriptor.of(configType, config);
    Descriptor l = Descriptor.of("application/vnd.oci.image.layer.v1.tar", layer);
    writer.pushBlob(c, config::asInputStream);
    writer.pushBlob(l, layer::asInputStream);
    Bytes manifest =
        Bytes.utf8(
            """
            {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}"""
                .formatted(MediaTypes.OCI_MANIFEST, c.toJson(), l.toJson()));
    assertThat(JsonReader.readObject(manifest).isEmpty()).isFalse();
    writer.pushManifest(MediaTypes.OCI_MANIFEST, manifest, Optional.of(tag));
  }
}
