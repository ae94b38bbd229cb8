package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.testbed.DebianRegistry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Converts images of Debian's docker-registry, which has no list of referrers. */
final class ImageConversionTest extends StoreAndRegistry {
  private List<ImageConversion.Converted> convert(
      ImageReference reference, ImageConversion.Platforms platforms, LayerProgress progress)
      throws Exception {
    return new ImageConversion(store).convert(reference, PullSecrets.NONE, platforms, progress);
  }

  private Optional<StreamReferrer> form(ImageReference reference) throws Exception {
    Repository repository = registries.repository(reference, Optional.empty());
    Bytes manifest = repository.resolve(Platform.host()).manifests().getLast();
    return StreamReferrer.find(
        repository, Descriptor.of(MediaTypes.OCI_MANIFEST, manifest).digest());
  }

  private void assertNothingIsLeft() throws Exception {
    try (Stream<Path> files = Files.list(directory.resolve("node/images/tmp"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void aFormIsLaidBesideAnImageThatIsNotHere() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "team/app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/team/app:1");
      Set<LayerProgress.Phase> phases = ConcurrentHashMap.newKeySet();
      List<ImageConversion.Converted> made =
          convert(
              reference,
              ImageConversion.Platforms.HOST,
              (phase, layer, done, total) -> {
                assertThat(done).isBetween(0L, total);
                phases.add(phase);
              });
      assertThat(made).singleElement().extracting("layers", "made").containsExactly(2, 2);
      assertThat(phases)
          .containsExactlyInAnyOrderElementsOf(
              EnumSet.of(
                  LayerProgress.Phase.PULL, LayerProgress.Phase.CONVERT, LayerProgress.Phase.PUSH));
      StreamReferrer form = form(reference).orElseThrow();
      assertThat(form.layers()).hasSize(2);
      assertThat(form.layers().stream().mapToLong(StreamReferrer.Layer::sizeBytes).sum())
          .isEqualTo(made.getFirst().storedBytes());
      assertNothingIsLeft();
    }
  }

  @Test
  void aLayerThatIsHereIsNotPulledAgainAndGivesTheSameForm() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "here:1");
      registry.push(layout, "away:1");
      ImageReference away = ImageReference.parse(registry.host() + "/away:1");
      convert(away, ImageConversion.Platforms.HOST, LayerProgress.SILENT);
      ImageReference here = ImageReference.parse(registry.host() + "/here:1");
      store.ensure(PullRequest.of(here, PullPolicy.ALWAYS), PullProgress.SILENT);
      Set<LayerProgress.Phase> phases = ConcurrentHashMap.newKeySet();
      convert(
          here, ImageConversion.Platforms.HOST, (phase, layer, done, total) -> phases.add(phase));
      assertThat(phases)
          .containsExactlyInAnyOrder(LayerProgress.Phase.CONVERT, LayerProgress.Phase.PUSH);
      assertThat(form(here)).isPresent().isEqualTo(form(away));
    }
  }

  @Test
  void aFormThatIsThereIsNotMadeAgain() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      convert(reference, ImageConversion.Platforms.HOST, LayerProgress.SILENT);
      Set<LayerProgress.Phase> phases = ConcurrentHashMap.newKeySet();
      assertThat(
              convert(
                  reference,
                  ImageConversion.Platforms.HOST,
                  (phase, layer, done, total) -> phases.add(phase)))
          .singleElement()
          .extracting("made")
          .isEqualTo(0);
      assertThat(phases).containsExactly(LayerProgress.Phase.PRESENT);
    }
  }

  @Test
  void allPlatformsOfAnIndexAreConvertedAndAttestationsAreNot() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "multi:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/multi:1");
      Repository repository = registries.repository(reference, Optional.empty());
      RepositoryWriter writer = registries.writer(reference, Optional.empty());
      Bytes own = repository.manifest();
      JsonObject image = JsonReader.readObject(own);
      Bytes other = otherPlatform(repository, writer, image);
      Bytes attestation =
          JsonWriter.write(image.with("annotations", JsonObject.builder().put("a", "b").build()));
      JsonArray entries =
          JsonArray.of(
              entry(writer, own, "linux", Platform.host().architecture()),
              entry(writer, other, "linux", "mips64le"),
              entry(writer, attestation, "unknown", "unknown"));
      writer.pushManifest(
          MediaTypes.OCI_INDEX,
          JsonWriter.write(
              JsonObject.builder()
                  .put("schemaVersion", 2)
                  .put("mediaType", MediaTypes.OCI_INDEX)
                  .put("manifests", entries)
                  .build()),
          Optional.of("all"));
      ImageReference all = ImageReference.parse(registry.host() + "/multi:all");
      assertThat(convert(all, ImageConversion.Platforms.HOST, LayerProgress.SILENT))
          .extracting(ImageConversion.Converted::manifest)
          .containsExactly(digest(own));
      assertThat(convert(all, ImageConversion.Platforms.ALL, LayerProgress.SILENT))
          .extracting(ImageConversion.Converted::manifest)
          .containsExactly(digest(own), digest(other));
    }
  }

  private static String digest(Bytes manifest) {
    return Descriptor.of(MediaTypes.OCI_MANIFEST, manifest).digest();
  }

  private static Bytes otherPlatform(
      Repository repository, RepositoryWriter writer, JsonObject image) throws Exception {
    Bytes config = repository.config(Descriptor.of(image.object("config")));
    Bytes changed =
        JsonWriter.write(JsonReader.readObject(config).with("architecture", Json.of("mips64le")));
    Descriptor descriptor = Descriptor.of("application/vnd.oci.image.config.v1+json", changed);
    writer.pushBlob(descriptor, changed::asInputStream);
    return JsonWriter.write(image.with("config", descriptor.toJson()));
  }

  private static Json entry(RepositoryWriter writer, Bytes manifest, String os, String architecture)
      throws Exception {
    return writer
        .pushManifest(MediaTypes.OCI_MANIFEST, manifest, Optional.empty())
        .toJson()
        .with(
            "platform",
            JsonObject.builder().put("os", os).put("architecture", architecture).build());
  }

  @Test
  void anImageThatIsNotThereIsNamed() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      ImageReference missing = ImageReference.parse(registry.host() + "/none:1");
      assertThatThrownBy(
              () -> convert(missing, ImageConversion.Platforms.HOST, LayerProgress.SILENT))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("/none:1: not found");
    }
  }

  @Test
  void aLayerThatTheRegistryHasLostEndsIt() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      Repository repository = registries.repository(reference, Optional.empty());
      Descriptor layer = repository.resolve(Platform.host()).image().layers().getLast();
      Files.delete(registry.blob(layer.digest()));
      assertThatThrownBy(
              () -> convert(reference, ImageConversion.Platforms.HOST, LayerProgress.SILENT))
          .isInstanceOf(ImageException.class);
      assertThat(form(reference)).isEmpty();
      assertNothingIsLeft();
    }
  }

  /** Converts REFERENCE with the store of NODE; says each step. */
  public static void main(String[] arguments) throws Exception {
    try (var registries = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
        var store = LocalImageStore.open(Path.of(arguments[0]), registries, Clock.systemUTC())) {
      new ImageConversion(store)
          .convert(
              ImageReference.parse(arguments[1]),
              PullSecrets.NONE,
              ImageConversion.Platforms.HOST,
              (phase, layer, done, total) -> {
                System.out.println(phase);
                System.out.flush();
              });
    }
  }

  @Test
  void whatIsKilledInTheMiddleLeavesNoFormAndIsMadeAnew() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      store.close();
      for (LayerProgress.Phase until :
          List.of(
              LayerProgress.Phase.PULL, LayerProgress.Phase.CONVERT, LayerProgress.Phase.PUSH)) {
        killOnce(until, reference);
        if (until != LayerProgress.Phase.PUSH) {
          assertThat(form(reference)).isEmpty();
        }
      }
      store = LocalImageStore.open(directory.resolve("node"), registries, Clock.systemUTC());
      assertNothingIsLeft();
      convert(reference, ImageConversion.Platforms.HOST, LayerProgress.SILENT);
      assertThat(form(reference).orElseThrow().layers()).hasSize(2);
    }
  }

  private void killOnce(LayerProgress.Phase until, ImageReference reference) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ImageConversionTest.class.getName(),
                directory.resolve("node").toString(),
                reference.toString())
            .redirectError(directory.resolve("killed.log").toFile())
            .start();
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(until.name())) {
          break;
        }
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(process.exitValue())
        .as(Files.readString(directory.resolve("killed.log")))
        .isEqualTo(137);
  }
}
