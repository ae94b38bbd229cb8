package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.testbed.DebianRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pulls from a real registry. Needs root and Debian's docker-registry and skopeo. */
final class PullTest extends StoreAndRegistry {
  private Ensured.Pulled pull(ImageReference reference, PullPolicy policy) throws Exception {
    return (Ensured.Pulled) store.ensure(PullRequest.of(reference, policy), PullProgress.SILENT);
  }

  private static void assertFault(Callable<?> action, ImageFault fault) {
    assertThatThrownBy(action::call)
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).as(e.getMessage()).isEqualTo(fault));
  }

  @Test
  void anImageIsPulledMountedAndThenFoundHere() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "team/app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/team/app:1");
      Ensured.Pulled pulled = pull(reference, PullPolicy.IF_NOT_PRESENT);
      assertThat(pulled.fetchedBytes()).isGreaterThan(3 << 20);
      assertThat(pulled.image().config().command()).containsExactly("/one");
      Path root = store.mount(pulled.image().id(), "c", MountOptions.DEFAULT).merged();
      assertThat(root.resolve("one")).hasContent("one");
      assertThat(root.resolve("noise")).hasSize(3 << 20);
      store.unmount("c");
      store.unmountIdleLayers();
      assertThat(
              store.ensure(
                  PullRequest.of(reference, PullPolicy.IF_NOT_PRESENT), PullProgress.SILENT))
          .isInstanceOf(Ensured.AlreadyPresent.class);
      Ensured.Pulled again = pull(reference, PullPolicy.ALWAYS);
      assertThat(again.fetchedBytes()).isZero();
      String digest = pulled.image().repoDigest(reference).orElseThrow();
      assertThat(store.resolve(ImageReference.parse(digest))).isPresent();
      assertFault(
          () -> pull(ImageReference.parse(registry.host() + "/team/app:2"), PullPolicy.ALWAYS),
          ImageFault.NOT_FOUND);
    }
  }

  @Test
  void layersOfZstdAndDockersMediaTypesArePulledToo() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "zstd:1", "--dest-compress-format=zstd", "--format=oci");
      registry.push(layout, "docker:1", "--format=v2s2");
      String oneId = "";
      for (String name : List.of("zstd:1", "docker:1")) {
        ImageReference reference = ImageReference.parse(registry.host() + "/" + name);
        ResolvedImage image = pull(reference, PullPolicy.ALWAYS).image();
        assertThat(image.layers()).hasSize(2);
        oneId = image.layers().getLast().diffId();
      }
      assertThat(store.usage().layers()).as(oneId).isEqualTo(2);
    }
  }

  @Test
  void manyPullsAtOnceFetchEachBlobOnce() throws Exception {
    try (var registry = DebianRegistry.start(directory);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      registry.push(layout, "app:1");
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      var request = PullRequest.of(reference, PullPolicy.IF_NOT_PRESENT);
      Callable<Ensured> task = () -> store.ensure(request, PullProgress.SILENT);
      var results = threads.invokeAll(Stream.generate(() -> task).limit(8).toList());
      long fetched = 0;
      for (var result : results) {
        fetched += result.get() instanceof Ensured.Pulled pulled ? pulled.fetchedBytes() : 0;
      }
      try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
        long all = blobs.mapToLong(p -> p.toFile().length()).sum();
        assertThat(fetched).isPositive().isLessThanOrEqualTo(all);
      }
    }
  }

  @Test
  void aCorruptedBlobIsRefusedAndLeavesNothing() throws Exception {
    try (var registry = DebianRegistry.start(directory)) {
      registry.push(layout, "app:1", "--preserve-digests");
      Path biggest;
      try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
        biggest = blobs.max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length())).get();
      }
      Path stored = registry.blob("sha256:" + biggest.getFileName());
      byte[] content = Files.readAllBytes(stored);
      content[9] ^= 1; // the gzip header's system: the data decompresses all the same
      Files.write(stored, content, StandardOpenOption.TRUNCATE_EXISTING);
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      assertFault(() -> pull(reference, PullPolicy.ALWAYS), ImageFault.DIGEST_MISMATCH);
      assertThat(store.list()).isEmpty();
      assertThat(directory.resolve("node/images/tmp")).isEmptyDirectory();
    }
  }

  @Test
  void aRegistryWithPasswordsWantsTheRightOne() throws Exception {
    Path passwords = directory.resolve("passwords");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/htpasswd")), "needs htpasswd");
    LocalImageStoreTest.sh(directory, "htpasswd -Bbc passwords user right");
    String auth = "auth:\n  htpasswd:\n    realm: test\n    path: " + passwords + "\n";
    try (var registry = DebianRegistry.start(directory, auth)) {
      registry.push(layout, "app:1", "--dest-creds=user:right");
      ImageReference reference = ImageReference.parse(registry.host() + "/app:1");
      assertFault(() -> pull(reference, PullPolicy.ALWAYS), ImageFault.UNAUTHORIZED);
      var secrets =
          PullSecrets.of(registry.host(), new Credential.UserPassword("user", "wrong"))
              .and(PullSecrets.of(registry.host(), new Credential.UserPassword("user", "right")));
      Ensured pulled =
          store.ensure(new PullRequest(reference, PullPolicy.ALWAYS, secrets), PullProgress.SILENT);
      assertThat(pulled.image().layers()).hasSize(2);
    }
  }

  @Test
  void aRegistryThatNobodyServesIsUnavailable() {
    assertFault(
        () -> pull(ImageReference.parse("127.0.0.1:1/app:1"), PullPolicy.IF_NOT_PRESENT),
        ImageFault.REGISTRY_UNAVAILABLE);
  }
}
