package dev.nacelle.testkit.api;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InProcessApiClientTest extends ApiClientContract {
  @TempDir Path directory = Path.of("");
  private RocksStore store;
  private OpenApiServer server;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    store = RocksStore.open(directory.resolve("store"), RocksStoreOptions.defaults());
    server = OpenApiServer.start(store);
  }

  @AfterEach
  void stop() {
    server.close();
    store.close();
  }

  @Override
  protected ApiClient client() {
    return server.client(OpenApiServer.TESTER);
  }

  @Test
  void anotherIdentityIsJudgedAsItself() {
    assertThatThrownBy(
            () ->
                client()
                    .as(OpenApiServer.NOBODY)
                    .get(Resources.CONFIG_MAPS, new ObjectKey("default", "x")))
        .hasMessage(
            "configmaps \"x\" is forbidden: User \"system:nobody\" cannot get resource"
                + " \"configmaps\" in API group \"\" in the namespace \"default\"");
  }
}
