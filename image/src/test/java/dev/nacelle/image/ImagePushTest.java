package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.layer.LayerSums;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.testbed.DebianRegistry;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pushes images of this host to a real registry, looks at them, and verifies them on the disk. */
final class ImagePushTest extends StoreAndRegistry {
  @BeforeEach
  void needsErofs() throws Exception {
    assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "needs EROFS");
  }

  private ImagePush.Pushed push(String name, String target, ImagePush.Layers layers)
      throws Exception {
    return new ImagePush(store)
        .push(
            ImageReference.parse(name),
            ImageReference.parse(target),
            PullSecrets.NONE,
            layers,
            LayerProgress.SILENT);
  }

  private ResolvedImage pull(String name) throws Exception {
    var request = PullRequest.of(ImageReference.parse(name), PullPolicy.ALWAYS);
    return ((Ensured.Pulled) store.ensure(request, PullProgress.SILENT)).image();
  }

  private String remoteDigest(String name) throws Exception {
    Repository repository = registries.repository(ImageReference.parse(name), Optional.empty());
    return Sha256.of(repository.manifest());
  }

  @Test
  void aPulledImageKeepsItsDigest() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      String name = registry.host() + "/app:1";
      pull(name);
      String target = registry.host() + "/copies/app:2";
      ImagePush.Pushed pushed = push(name, target, ImagePush.Layers.ORIGINAL);
      assertThat(pushed.digest()).isEqualTo(remoteDigest(name)).isEqualTo(remoteDigest(target));
    }
  }

  @Test
  void anImportedDirectoryIsPushedAsTheVeryImageItIs() throws Exception {
    Path tree = directory.resolve("tree/sub");
    Files.createDirectories(tree.resolve("deeper"));
    Files.writeString(tree.resolve("file"), "text");
    Files.writeString(tree.resolve("deeper/big"), "x".repeat(700_000));
    Files.createLink(tree.resolve("hard"), tree.resolve("file"));
    Files.createSymbolicLink(tree.resolve("soft"), Path.of("deeper/big"));
    ResolvedImage image =
        store.importArchive(directory.resolve("tree"), ImageReference.parse("mine:1"));
    try (var registry = DebianRegistry.start(directory)) {
      String target = registry.host() + "/mine:1";
      ImagePush.Pushed pushed = push("mine:1", target, ImagePush.Layers.ORIGINAL);
      assertThat(pushed.imageId()).isEqualTo(image.id());
      assertThat(pull(target).id()).isEqualTo(image.id());
    }
  }

  @Test
  void aRebuiltImageHasTheSameFilesWithWhiteoutsUnderAnotherId() throws Exception {
    Path work = Files.createDirectories(directory.resolve("white"));
    LocalImageStoreTest.sh(
        work,
        "mkdir -p a/gone a/kept && touch a/gone/x a/kept/y a/kept/z && mkdir -p b/kept b/new"
            + " && touch b/.wh.gone b/kept/.wh.z b/new/.wh..wh..opq b/new/n"
            + " && tar --format=gnu -C a -cf 1.tar . && tar --format=gnu -C b -cf 2.tar .");
    Path archive = SampleArchive.write(work, List.of("1.tar", "2.tar"));
    ResolvedImage image = store.importArchive(archive, ImageReference.parse("white:1"));
    try (var registry = DebianRegistry.start(directory)) {
      String target = registry.host() + "/white:1";
      ImagePush.Pushed pushed = push("white:1", target, ImagePush.Layers.REBUILT);
      assertThat(pushed.imageId()).isNotEqualTo(image.id());
      ResolvedImage again = pull(target);
      assertThat(again.id()).isEqualTo(pushed.imageId());
      Path root = store.mount(again.id(), "c", MountOptions.DEFAULT).merged();
      try {
        assertThat(root.resolve("gone")).doesNotExist();
        assertThat(root.resolve("kept/y")).exists();
        assertThat(root.resolve("kept/z")).doesNotExist();
        assertThat(root.resolve("new/n")).exists();
        // what is rebuilt once more is the same
        assertThat(push(target, registry.host() + "/white:2", ImagePush.Layers.REBUILT).digest())
            .isEqualTo(pushed.digest());
      } finally {
        store.unmount("c");
      }
    }
  }

  @Test
  void layersThatAreNotToBeHadAnyMoreAreNamedWithAWayOut() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      String name = registry.host() + "/app:1";
      pull(name);
      try (var other =
          DebianRegistry.start(Files.createDirectory(directory.resolve("other")), "")) {
        registry.close();
        String target = other.host() + "/app:1";
        assertThatThrownBy(() -> push(name, target, ImagePush.Layers.ORIGINAL))
            .isInstanceOf(ImageException.class)
            .hasMessageContaining("try --rebuild");
        assertThat(push(name, target, ImagePush.Layers.REBUILT).digest()).startsWith("sha256:");
      }
    }
  }

  @Test
  void anImageForAnotherPlatformIsPulledByDigestAlone() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      String name = registry.host() + "/app:1";
      var request = PullRequest.of(ImageReference.parse(name), PullPolicy.ALWAYS);
      ResolvedImage image =
          new PlatformPull(store).pull(request, Platform.host(), PullProgress.SILENT);
      assertThat(image.names()).isEmpty();
      assertThat(image.repoDigests())
          .containsExactly(registry.host() + "/app@" + remoteDigest(name));
    }
  }

  @Test
  void aFlippedBitIsFoundAndNamed() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      String name = registry.host() + "/app:1";
      ResolvedImage image = pull(name);
      ImageReference reference = ImageReference.parse(name);
      var verification = new ImageVerification(store);
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .isEmpty();
      ImageLayer layer = image.layers().getLast();
      Path files = directory.resolve("node/images/layers").resolve(layer.key());
      long at = 2L * LayerSums.CHUNK_BYTES + 77;
      flip(files.resolve("data.blob"), at);
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .containsExactly(
              "layer " + layer.diffId() + ": chunk 2 of the data (bytes 1048576 to 1572864)");
      flip(files.resolve("data.blob"), at);
      flip(files.resolve("metadata.erofs"), 1100);
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .containsExactly("layer " + layer.diffId() + ": the metadata");
      flip(files.resolve("metadata.erofs"), 1100);
      Files.move(files.resolve("layer.json"), directory.resolve("aside"));
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .singleElement(org.assertj.core.api.InstanceOfAssertFactories.STRING)
          .startsWith("layer " + layer.diffId() + ": layer.json (it is missing");
      Files.move(directory.resolve("aside"), files.resolve("layer.json"));
      Path config = directory.resolve("node/images/blobs/sha256").resolve(image.id().substring(7));
      flip(config, 3);
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .containsExactly("the configuration " + image.id());
      flip(config, 3);
      assertThat(verification.verify(reference, ImageVerification.Progress.SILENT).differences())
          .isEmpty();
    }
  }

  private static void flip(Path file, long at) throws Exception {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 1);
    }
  }

  @Test
  void aDamagedLayerIsNotMadeAFormOf() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      ResolvedImage image = pull(registry.host() + "/app:1");
      ImageLayer layer = image.layers().getLast();
      try (var held = store.parts().hold(layer.diffId()).orElseThrow()) {
        assertThat(held.data()).exists();
      }
      flip(directory.resolve("node/images/layers").resolve(layer.key()).resolve("data.blob"), 5000);
      assertThat(store.parts().hold(layer.diffId())).isEmpty();
    }
  }

  @Test
  void anInspectionTellsNamesDigestsConfigurationAndLayers() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1");
      String name = registry.host() + "/app:1";
      ResolvedImage image = pull(name);
      JsonObject json = new ImageInspection(store).inspect(ImageReference.parse(name));
      assertThat(json.string("id")).contains(image.id());
      assertThat(json.array("names").strings()).containsExactly(name);
      assertThat(json.array("repoDigests").strings()).hasSize(1);
      assertThat(json.string("state")).contains("whole");
      assertThat(json.array("config", "config", "Cmd").strings()).containsExactly("/one");
      assertThat(json.array("layers").objects().map(l -> l.string("diffId").orElse("")))
          .containsExactlyElementsOf(image.layers().stream().map(ImageLayer::diffId).toList());
      assertThat(new ImageInspection(store).presentBytes(image)).isEqualTo(image.sizeBytes());
      assertThatThrownBy(
              () -> new ImageInspection(store).inspect(ImageReference.parse("no/such:1")))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining("it is not here");
    }
  }
}
