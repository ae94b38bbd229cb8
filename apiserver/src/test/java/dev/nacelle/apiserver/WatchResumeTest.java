package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A watcher that comes again after the server was away. */
class WatchResumeTest {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String[] JSON = {"content-type", "application/merge-patch+json"};

  private static String configMap(String name, String label) {
    return "{'metadata':{'name':'" + name + "','labels':{'l':'" + label + "'}}}";
  }

  private static List<String> told(List<JsonObject> frames) {
    return frames.stream()
        .map(
            f ->
                f.string("type").orElse("")
                    + " "
                    + f.string("object", "metadata", "name").orElse(""))
        .toList();
  }

  @Test
  void whatHappenedBeforeARestartIsToldAfterIt(@TempDir Path directory) throws Exception {
    Path store = directory.resolve("store");
    String from;
    try (TestServer server = TestServer.start(store, 0);
        Http http = new Http(server.url())) {
      from =
          http.post(CONFIG_MAPS, configMap("a", "x"))
              .json()
              .string("metadata", "resourceVersion")
              .orElseThrow();
      http.post(CONFIG_MAPS, configMap("b", "x"));
      http.send("PATCH", CONFIG_MAPS + "/a", "{'metadata':{'labels':{'l':'y'}}}", JSON);
      http.send("DELETE", CONFIG_MAPS + "/b", "");
    }
    try (TestServer server = TestServer.start(store, 0);
        Http http = new Http(server.url())) {
      http.get(CONFIG_MAPS);
      http.post(CONFIG_MAPS, configMap("c", "x"));
      String watch = CONFIG_MAPS + "?watch=true&timeoutSeconds=20&resourceVersion=" + from;
      assertThat(told(http.watch(watch, 4)))
          .containsExactly("ADDED b", "MODIFIED a", "DELETED b", "ADDED c");
      // what a selector sees is as it would have been without the restart
      assertThat(told(http.watch(watch + "&labelSelector=l%3Dx", 4)))
          .containsExactly("ADDED b", "DELETED a", "DELETED b", "ADDED c");
    }
  }

  @Test
  void whatTheStoreHasForgottenIs410(@TempDir Path directory) throws Exception {
    Path store = directory.resolve("store");
    String from;
    try (TestServer server = TestServer.start(store, 0);
        Http http = new Http(server.url())) {
      from =
          http.post(CONFIG_MAPS, configMap("a", "x"))
              .json()
              .string("metadata", "resourceVersion")
              .orElseThrow();
      http.post(CONFIG_MAPS, configMap("b", "x"));
      http.post(CONFIG_MAPS, configMap("c", "x"));
      server.store.compact(server.store.revision());
    }
    try (TestServer server = TestServer.start(store, 0);
        Http http = new Http(server.url())) {
      List<JsonObject> frames =
          http.watch(CONFIG_MAPS + "?watch=true&timeoutSeconds=20&resourceVersion=" + from, 1);
      assertThat(frames.getFirst().string("type")).contains("ERROR");
      assertThat(frames.getFirst().integer("object", "code")).hasValue(410);
    }
  }
}
