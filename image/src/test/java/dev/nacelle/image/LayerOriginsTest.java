package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.testbed.DebianRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A layer that is not whole is filled from wherever a pull has found it, the newest first. */
final class LayerOriginsTest {
  private static final long SEED = 5;

  @TempDir Path directory;
  private Optional<LazyStoreRig> rig = Optional.empty();
  private LazyStoreRig host;
  private LocalImageStore store;

  @BeforeEach
  void start() throws Exception {
    host = LazyStoreRig.start(directory);
    rig = Optional.of(host);
    store = host.open(ImageDiskSettings.unbounded());
  }

  @AfterEach
  void end() throws Exception {
    if (rig.isPresent()) {
      rig.get().close();
    }
  }

  private Ensured ensure(ImageReference reference, PullSecrets secrets) throws Exception {
    return store.ensure(
        new PullRequest(reference, PullPolicy.IF_NOT_PRESENT, secrets), PullProgress.SILENT);
  }

  private void assertReadable(Ensured image) throws Exception {
    RootFilesystem root = store.mount(image.image().id(), "reader", MountOptions.DEFAULT);
    assertThat(root.merged().resolve("noise")).hasBinaryContent(host.noise(SEED));
  }

  @Test
  void anotherRegistryThatHasTheImageIsAskedWhenTheFirstIsGone() throws Exception {
    ensure(host.push(SEED, true), PullSecrets.NONE);
    Path apart = Files.createDirectory(directory.resolve("second"));
    try (var second = DebianRegistry.start(apart)) {
      second.push(host.layout(SEED), "other/app:1");
      ImageReference there = ImageReference.parse(second.host() + "/other/app:1");
      host.convert(there, PullSecrets.NONE);
      host.registry.close();
      Ensured again = ensure(there, PullSecrets.NONE);
      assertThat(store.isArriving(again.image().id())).isTrue();
      assertReadable(again);
    }
  }

  @Test
  void theCredentialOfALaterPodIsUsedWhenTheFirstIsNotGoodAnyMore() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/htpasswd")), "needs htpasswd");
    host.push(SEED, false);
    Path apart = Files.createDirectory(directory.resolve("second"));
    LocalImageStoreTest.sh(apart, "htpasswd -Bbc passwords user first");
    String auth =
        "auth:\n  htpasswd:\n    realm: test\n    path: " + apart.resolve("passwords") + "\n";
    try (var second = DebianRegistry.start(apart, auth)) {
      second.push(host.layout(SEED), "app:1", "--dest-creds=user:first");
      ImageReference there = ImageReference.parse(second.host() + "/app:1");
      PullSecrets first = password(second, "first");
      host.convert(there, first);
      ensure(there, first);
      LocalImageStoreTest.sh(apart, "sleep 1; htpasswd -Bb passwords user second");
      assertReadable(ensure(there, password(second, "second")));
    }
  }

  private static PullSecrets password(DebianRegistry registry, String password) {
    return PullSecrets.of(registry.host(), new Credential.UserPassword("user", password));
  }
}
