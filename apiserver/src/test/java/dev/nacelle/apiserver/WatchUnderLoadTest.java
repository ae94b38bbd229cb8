package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchUnderLoadTest {
  private static final int WRITERS = 6;
  private static final int OBJECTS = 40;
  private static final WriteOptions WRITER = WriteOptions.by("load");

  @Test
  void everyAcknowledgedRevisionIsToldOnceAndInOrder(@TempDir Path directory) throws Exception {
    try (TestServer server = TestServer.start(directory.resolve("store"), 0)) {
      ApiClient client = server.client();
      String from = client.list(Resources.CONFIG_MAPS, ListOptions.ALL).resourceVersion();
      Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
      var writers = new ArrayList<Thread>();
      for (int w = 0; w < WRITERS; w++) {
        String name = "w" + w;
        writers.add(Thread.startVirtualThread(() -> write(client, name, acknowledged)));
      }
      int expected = WRITERS * OBJECTS * 3;
      try (ObjectWatch early = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL.from(from))) {
        List<Long> seen = revisions(early, expected);
        for (Thread writer : writers) {
          writer.join();
        }
        assertThat(seen).isSorted().doesNotHaveDuplicates().containsAll(acknowledged);
        // one that comes later is told the same
        try (ObjectWatch late = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL.from(from))) {
          assertThat(revisions(late, expected)).isEqualTo(seen);
        }
      }
    }
  }

  private static void write(ApiClient client, String name, Set<Long> acknowledged) {
    for (int i = 0; i < OBJECTS; i++) {
      var key = new ObjectKey("default", name + "-" + i);
      KubeObject made =
          client.create(
              Resources.CONFIG_MAPS,
              new KubeObject(
                  Http.json("{'metadata':{'name':'" + key.name() + "','namespace':'default'}}")),
              WRITER);
      KubeObject changed =
          client.patch(
              Resources.CONFIG_MAPS, key, Patch.merge(Http.json("{'data':{'k':'v'}}")), WRITER);
      acknowledged.add(Long.parseLong(made.resourceVersion()));
      acknowledged.add(Long.parseLong(changed.resourceVersion()));
      client.delete(Resources.CONFIG_MAPS, key, DeleteOptions.DEFAULT);
    }
  }

  private static List<Long> revisions(ObjectWatch watch, int count) throws InterruptedException {
    var result = new ArrayList<Long>();
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (result.size() < count && System.nanoTime() < end) {
      watch
          .next(Duration.ofSeconds(1))
          .filter(e -> e.type() != ObjectWatch.EventType.BOOKMARK)
          .ifPresent(e -> result.add(Long.parseLong(e.object().resourceVersion())));
    }
    assertThat(result).hasSize(count);
    return result;
  }
}
