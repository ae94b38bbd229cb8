package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.layer.FileTree;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store with real mounts. Needs root and EROFS. */
final class LocalImageStoreTest {
  private static final ImageReference HELLO = ImageReference.parse("hello");

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private LocalImageStore store;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(
        "root".equals(System.getProperty("user.name"))
            && Files.readString(Path.of("/proc/filesystems")).contains("erofs"),
        "needs root and EROFS");
    store = reopened();
  }

  @AfterEach
  void unmountEverything() {
    MountTable.read().below(directory).toList().reversed().forEach(e -> Mounts.detach(e.target()));
    registries.close();
  }

  private LocalImageStore reopened() throws InterruptedException {
    return LocalImageStore.open(directory.resolve("node"), registries, Clock.systemUTC());
  }

  private Path tree() throws IOException {
    Path tree = directory.resolve("tree");
    if (!Files.exists(tree)) {
      Files.createDirectories(tree.resolve("bin"));
      Files.writeString(tree.resolve("bin/hello"), "hello");
      Files.createSymbolicLink(tree.resolve("link"), Path.of("bin/hello"));
      Files.setAttribute(tree.resolve("bin"), "unix:mode", 040711);
    }
    return tree;
  }

  @Test
  void aDirectoryBecomesAnImageOfOneLayerWithAPathAndNoCommand() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    assertThat(image.names()).containsExactly("docker.io/library/hello:latest");
    assertThat(image.layers()).hasSize(1);
    assertThat(image.config().command()).isEmpty();
    assertThat(image.config().environment())
        .containsExactly("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    assertThat(image.config().platform().architecture()).isEqualTo(Platform.host().architecture());
    assertThat(store.resolve(HELLO)).contains(image);
    assertThat(store.importArchive(tree(), HELLO).id()).isEqualTo(image.id());
  }

  @Test
  void aMountedImageShowsTheTreeAndTakesWrites() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem root = store.mount(image.id(), "c1", MountOptions.DEFAULT);
    assertThat(FileTree.describe(root.merged())).isEqualTo(FileTree.describe(tree()));
    Files.writeString(root.merged().resolve("new"), "x");
    assertThat(root.upper().resolve("new")).exists();
    assertThat(store.mount(image.id(), "c1", MountOptions.DEFAULT)).isEqualTo(root);
    RootFilesystem other = store.mount(image.id(), "c2", MountOptions.DEFAULT);
    assertThat(other.merged().resolve("new")).doesNotExist();
    assertThat(other.lowers()).isEqualTo(root.lowers());
    store.unmount("c1");
    store.unmount("c1");
    assertThat(root.upper()).doesNotExist();
    assertThat(store.mountedContainers()).containsExactly("c2");
  }

  @Test
  void aRestartAdoptsMountsAndAReusedNameMovesTheOldImageAside() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem root = store.mount(image.id(), "c1", MountOptions.DEFAULT);
    LocalImageStore second = reopened(); // the first is not closed: as after kill -9
    assertThat(second.mounted("c1")).contains(root);
    Files.writeString(tree().resolve("more"), "more");
    ResolvedImage newer = second.importArchive(tree(), HELLO);
    assertThat(second.resolve(HELLO)).map(ResolvedImage::id).contains(newer.id());
    assertThat(second.prune(Set.of(newer.id())).imageIds()).isEmpty();
    second.unmount("c1");
    assertThat(second.prune(Set.of(newer.id())).imageIds()).containsExactly(image.id());
    assertThat(second.list()).extracting(ResolvedImage::id).containsExactly(newer.id());
    assertThat(directory.resolve("node/images/layers"))
        .isDirectoryNotContaining(
            p -> !p.getFileName().toString().equals(newer.layers().getFirst().key()));
  }

  @Test
  void aVolumeShowsTheImageAndTakesNeitherWritesNorExecutions() throws Exception {
    Files.writeString(tree().resolve("bin/hello"), "#!/bin/sh\n");
    Files.setAttribute(tree().resolve("bin/hello"), "unix:mode", 0100755);
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem volume = store.mount(image.id(), "volume.p.1", MountOptions.VOLUME);
    assertThat(FileTree.describe(volume.merged())).isEqualTo(FileTree.describe(tree()));
    assertThat(volume.upper()).doesNotExist();
    assertThatThrownBy(() -> Files.writeString(volume.merged().resolve("new"), "x"))
        .hasMessageContaining("Read-only file system");
    assertThatThrownBy(
            () -> new ProcessBuilder(volume.merged().resolve("bin/hello").toString()).start())
        .hasMessageContaining("Permission denied");
    assertThat(store.mount(image.id(), "volume.p.1", MountOptions.VOLUME)).isEqualTo(volume);
  }

  @Test
  void aVolumeIsAdoptedAfterARestartAndKeepsItsImage() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem volume = store.mount(image.id(), "volume.p.1", MountOptions.VOLUME);
    LocalImageStore second = reopened(); // the first is not closed: as after kill -9
    assertThat(second.mounted("volume.p.1")).contains(volume);
    assertThat(second.prune(Set.of()).imageIds()).isEmpty();
    second.unmount("volume.p.1");
    assertThat(volume.merged().getParent()).doesNotExist();
    assertThat(second.prune(Set.of()).imageIds()).containsExactly(image.id());
  }

  @Test
  void aVolumeOfAnEarlierBootIsCleared() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem volume = store.mount(image.id(), "volume.p.1", MountOptions.VOLUME);
    Mounts.detach(volume.merged());
    LocalImageStore second = reopened();
    assertThat(second.mountedContainers()).isEmpty();
    assertThat(second.mount(image.id(), "volume.p.1", MountOptions.VOLUME).merged())
        .isNotEmptyDirectory();
  }

  @Test
  void whatAnEarlierBootLeftIsClearedAndWhatAKilledImportLeftIsSwept() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    RootFilesystem root = store.mount(image.id(), "c1", MountOptions.DEFAULT);
    Mounts.detach(root.merged());
    Path half = Files.createDirectories(directory.resolve("node/images/tmp/layer-1"));
    Files.writeString(half.resolve("data.blob"), "half");
    LocalImageStore second = reopened();
    assertThat(second.mountedContainers()).isEmpty();
    assertThat(root.upper()).doesNotExist();
    assertThat(half).doesNotExist();
    assertThat(second.mount(image.id(), "c1", MountOptions.DEFAULT).merged().resolve("bin/hello"))
        .hasContent("hello");
  }

  @Test
  void anImageInUseIsNotRemovedAndARemovedOneLeavesNothing() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    ImageReference other = ImageReference.parse("other:1");
    store.importArchive(tree(), other);
    store.mount(image.id(), "c1", MountOptions.DEFAULT);
    assertThat(store.remove(other).imageIds()).isEmpty();
    assertThatThrownBy(() -> store.remove(HELLO))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.IN_USE));
    store.unmount("c1");
    assertThat(store.remove(HELLO).bytes()).isPositive();
    assertThat(directory.resolve("node/images/layers")).isEmptyDirectory();
    assertThat(directory.resolve("node/images/blobs/sha256")).isEmptyDirectory();
    assertThat(directory.resolve("node/images/mounts")).isEmptyDirectory();
  }

  @Test
  void upperLayersHideAndReplaceWhatIsBelow() throws Exception {
    Path work = Files.createDirectory(directory.resolve("work"));
    sh(
        work,
        "mkdir -p a/dir a/opaque a/gone && echo 1 > a/dir/f && echo 1 > a/opaque/f"
            + " && echo 1 > a/gone/f && echo 1 > a/file && tar -C a -cf 1.tar .");
    sh(
        work,
        "mkdir -p b/dir b/opaque && echo 2 > b/dir/g && touch b/.wh.gone b/.wh.file"
            + " b/opaque/.wh..wh..opq && echo 2 > b/opaque/g && tar -C b -czf 2.tar.gz .");
    String first = sh(work, "sha256sum 1.tar").substring(0, 64);
    String second = sh(work, "zcat 2.tar.gz | sha256sum").substring(0, 64);
    Files.writeString(
        work.resolve("config.json"),
        "{\"architecture\":\""
            + Platform.host().architecture()
            + "\",\"os\":\"linux\","
            + "\"config\":{\"Cmd\":[\"/run\"],\"User\":\"7:8\",\"ExposedPorts\":{\"80/tcp\":{}}},"
            + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
            + first
            + "\",\"sha256:"
            + second
            + "\"]}}");
    Files.writeString(
        work.resolve("manifest.json"),
        "[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":[\"1.tar\",\"2.tar.gz\"]}]");
    sh(work, "tar -cf image.tar config.json 1.tar 2.tar.gz manifest.json && gzip -k image.tar");
    for (String archive : List.of("image.tar", "image.tar.gz")) {
      ResolvedImage image = store.importArchive(work.resolve(archive), HELLO);
      assertThat(image.config().command()).containsExactly("/run");
      assertThat(image.config().user()).contains("7:8");
      assertThat(image.config().exposedPorts()).containsExactly("80/tcp");
      Path root = store.mount(image.id(), "c", MountOptions.DEFAULT).merged();
      assertThat(FileTree.describe(root).keySet())
          .containsExactly("", "dir", "dir/f", "dir/g", "opaque", "opaque/g");
      Path volume = store.mount(image.id(), "v", MountOptions.VOLUME).merged();
      assertThat(FileTree.describe(volume)).isEqualTo(FileTree.describe(root));
      store.unmount("c");
      store.unmount("v");
    }
  }

  @Test
  void aHundredAndTwentyEightLayersMount() throws Exception {
    Path work = Files.createDirectory(directory.resolve("work"));
    var layers = new StringBuilder();
    var diffIds = new StringBuilder();
    for (int i = 0; i < 128; i++) {
      sh(
          work,
          "mkdir -p l/d && echo "
              + i
              + " > l/d/f"
              + i
              + " && tar -C l -cf "
              + i
              + ".tar ./d/f"
              + i);
      String digest = sh(work, "sha256sum " + i + ".tar").substring(0, 64);
      layers.append(i == 0 ? "" : ",").append('"').append(i).append(".tar\"");
      diffIds.append(i == 0 ? "" : ",").append("\"sha256:").append(digest).append('"');
    }
    Files.writeString(
        work.resolve("config.json"),
        "{\"architecture\":\""
            + Platform.host().architecture()
            + "\",\"os\":\"linux\","
            + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
            + diffIds
            + "]}}");
    Files.writeString(
        work.resolve("manifest.json"),
        "[{\"Config\":\"config.json\",\"Layers\":[" + layers + "]}]");
    ResolvedImage image = store.importArchive(work, HELLO);
    Path root = store.mount(image.id(), "c", MountOptions.DEFAULT).merged();
    for (int i = 0; i < 128; i++) {
      assertThat(root.resolve("d/f" + i)).hasContent(String.valueOf(i));
    }
    store.unmount("c");
    store.unmountIdleLayers();
    assertThat(MountTable.read().below(directory)).isEmpty();
  }

  @Test
  void theSameImportByManyIsBuiltOnceAndAllGetIt() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<ResolvedImage> task = () -> store.importArchive(tree(), HELLO);
      tree();
      var ids =
          threads.invokeAll(List.of(task, task, task, task)).stream()
              .map(f -> f.resultNow().id())
              .distinct();
      assertThat(ids).hasSize(1);
    }
    assertThat(store.usage().layers()).isEqualTo(1);
  }

  @Test
  void anAbsentImageIsRefusedByNeverAndAWrongDiffIdByItsDigest() throws Exception {
    assertThatThrownBy(
            () -> store.ensure(PullRequest.of(HELLO, PullPolicy.NEVER), PullProgress.SILENT))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.NEVER_PULL));
    Path work = Files.createDirectory(directory.resolve("work"));
    sh(work, "mkdir a && tar -C a -cf 1.tar .");
    Files.writeString(
        work.resolve("c.json"),
        "{\"architecture\":\""
            + Platform.host().architecture()
            + "\",\"os\":\"linux\","
            + "\"rootfs\":{\"diff_ids\":[\"sha256:"
            + "0".repeat(64)
            + "\"]}}");
    Files.writeString(
        work.resolve("manifest.json"), "[{\"Config\":\"c.json\",\"Layers\":[\"1.tar\"]}]");
    assertThatThrownBy(() -> store.importArchive(work, HELLO))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.DIGEST_MISMATCH));
    assertThat(directory.resolve("node/images/layers")).isEmptyDirectory();
  }

  @Test
  void aLayersDataIsReadAtAnyOffset() throws Exception {
    ResolvedImage image = store.importArchive(tree(), HELLO);
    var layout = new StoreLayout(directory.resolve("node"));
    StoredLayer layer =
        new LayerStore(
                layout,
                dev.nacelle.image.layer.LayerLimits.DEFAULT,
                new KernelVerity(layout),
                new ImageDisk(layout, ImageDiskSettings.unbounded()))
            .find(image.layers().getFirst().diffId())
            .orElseThrow();
    try (LayerSource source = store.open(layer)) {
      ByteBuffer into = ByteBuffer.allocate(5);
      assertThat(source.read(0, into)).isEqualTo(5);
      assertThat(new String(into.array(), StandardCharsets.UTF_8)).isEqualTo("hello");
      assertThat(source.read(source.sizeBytes(), ByteBuffer.allocate(1))).isZero();
    }
  }

  @Test
  void theKernelsWayOfMountingIsReported() {
    assertThat(store.capabilities())
        .extracting(Capability::feature)
        .containsExactly("image layers", "lazy images", "image cache");
    assertThat(store.capabilities().getFirst().inUse()).isNotEqualTo("none");
  }

  static String sh(Path directory, String command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Map.of(command, output).toString()).isZero();
    return output;
  }
}
