package dev.nacelle.testkit.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.HttpApiClient;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpApiClientTest extends ApiClientContract {
  @TempDir Path directory = Path.of("");
  private RocksStore store;
  private OpenApiServer server;
  private HttpApiClient client;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    store = RocksStore.open(directory.resolve("store"), RocksStoreOptions.defaults());
    server = OpenApiServer.start(store);
    client = HttpApiClient.builder(URI.create(server.url())).userAgent("contract/1").build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
    store.close();
  }

  @Override
  protected ApiClient client() {
    return client;
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

  @Test
  void aServerThatGoesAwayEndsTheWatch() {
    try (ObjectWatch watch = client().watch(Resources.CONFIG_MAPS, ListOptions.ALL)) {
      server.close();
      assertThatThrownBy(
              () -> {
                while (true) {
                  watch.next(Duration.ofSeconds(20));
                }
              })
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(503));
    }
  }
}
