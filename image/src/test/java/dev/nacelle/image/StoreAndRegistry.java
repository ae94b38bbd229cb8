package dev.nacelle.image;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.testbed.DebianRegistry;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests of a store and a registry have: an empty store, a client, and the sample image as a
 * layout that a registry can be given. Needs root and Debian's docker-registry and skopeo.
 */
abstract class StoreAndRegistry {
  @TempDir Path directory;
  final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  LocalImageStore store;
  Path layout;

  @BeforeEach
  void openStore() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(DebianRegistry.canBePushedTo(), "needs Debian's docker-registry and skopeo");
    store = LocalImageStore.open(directory.resolve("node"), registries, Clock.systemUTC());
    layout = SampleLayout.write(directory);
  }

  @AfterEach
  void closeStore() {
    if (store != null) {
      store.unmountIdleLayers();
      store.close();
    }
    registries.close();
  }
}
