package dev.nacelle.testkit.e2e;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.testkit.e2e.ApiOverHttps.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Somebody outside who creates objects and updates them over HTTPS, and notes what the platform
 * acknowledged. After a call of unknown outcome it leaves that object and goes on with a new one.
 * One thread writes; the notes may be read once it has ended.
 */
final class AcknowledgedWriter implements AutoCloseable {
  private static final int UPDATES = 4;
  private static final int MOST = 200_000;

  /** What is known of one object: the newest acknowledged revision, and values it may have. */
  record Known(long revision, long acknowledgedValue, long attemptedValue) {}

  /** An acknowledged revision of an object. */
  record Acknowledged(String name, long revision) {}

  private final WatchedKind kind;
  private final String prefix;
  private final Supplier<ApiOverHttps> api;
  private final Map<String, Known> objects = new LinkedHashMap<>();
  private final List<Acknowledged> acknowledged = new ArrayList<>();
  private final Thread thread;
  private volatile boolean asked;

  /** Starts it; the supplier blocks until there is an API to speak to. */
  AcknowledgedWriter(WatchedKind kind, String prefix, Supplier<ApiOverHttps> api) {
    this.kind = kind;
    this.prefix = prefix;
    this.api = api;
    this.thread = Thread.ofVirtual().name("writer " + prefix).start(this::run);
  }

  private void run() {
    ApiOverHttps client = api.get();
    for (int n = 0; !asked && acknowledged.size() < MOST; n++) {
      try {
        write(client, prefix + "-" + n);
      } catch (IOException e) {
        pause();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void write(ApiOverHttps client, String name) throws IOException, InterruptedException {
    OptionalLong revision = OptionalLong.empty();
    for (long value = 0; value <= UPDATES && !asked; value++) {
      Known before = objects.get(name);
      if (before != null) {
        objects.put(name, new Known(before.revision(), before.acknowledgedValue(), value));
      }
      String body = JsonWriter.write(object(name, value, revision)).toUtf8();
      Answer answer =
          value == 0 ? client.post(kind.path(), body) : client.put(kind.path() + "/" + name, body);
      if (answer.status() != 200 && answer.status() != 201) {
        pause(); // refused: not ready yet, or busy
        return;
      }
      long now = Long.parseLong(answer.body().string("metadata", "resourceVersion").orElseThrow());
      revision = OptionalLong.of(now);
      objects.put(name, new Known(now, value, value));
      acknowledged.add(new Acknowledged(name, now));
    }
  }

  private JsonObject object(String name, long value, OptionalLong revision) {
    var metadata =
        JsonObject.builder()
            .put("name", name)
            .put("annotations", JsonObject.builder().put("value", Long.toString(value)).build());
    revision.ifPresent(r -> metadata.put("resourceVersion", Long.toString(r)));
    return JsonObject.builder()
        .put("apiVersion", kind.apiVersion())
        .put("kind", kind.kind())
        .put("metadata", metadata.build())
        .build();
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  WatchedKind kind() {
    return kind;
  }

  /** By name. Once it has ended. */
  Map<String, Known> objects() {
    return objects;
  }

  /** In the order of the acknowledgements. Once it has ended. */
  List<Acknowledged> acknowledged() {
    return acknowledged;
  }

  /** Ends it after the write under way. */
  @Override
  public void close() throws InterruptedException {
    asked = true;
    if (!thread.join(java.time.Duration.ofSeconds(30))) {
      thread.interrupt();
      throw new AssertionError("the writer " + prefix + " hangs in a call");
    }
  }
}
