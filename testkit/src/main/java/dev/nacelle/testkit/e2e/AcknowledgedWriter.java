package dev.nacelle.testkit.e2e;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.testkit.e2e.ApiOverHttps.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Somebody outside who creates objects of several kinds, updates them, deletes every other one, and
 * notes what the platform acknowledged. It has connections of its own. After a call of unknown
 * outcome it leaves that object and goes on with a new one. One thread writes; the notes may be
 * read once it has ended.
 */
final class AcknowledgedWriter implements AutoCloseable {
  private static final int UPDATES = 3;
  private static final int MOST = 200_000;
  private static final Duration PACE = Duration.ofMillis(4);
  private static final Duration AFTER_REFUSAL = Duration.ofMillis(20);

  /** What may be there of an object. */
  enum Fate {
    /** It must be there. */
    KEPT,
    /** Its deletion was asked for, and no answer came. */
    UNKNOWN,
    /** It must be gone. */
    DELETED
  }

  /**
   * What is known of an object whose creation was acknowledged.
   *
   * @param revisions that were acknowledged, in order
   * @param value the last that was acknowledged
   * @param attempted the last that may have been written
   */
  record Written(
      WatchedKind kind, String name, List<Long> revisions, long value, long attempted, Fate fate) {
    Written {
      revisions = List.copyOf(revisions);
    }
  }

  private final List<WatchedKind> kinds;
  private final int number;
  private final Supplier<ApiOverHttps> api;
  private final List<Written> written = new ArrayList<>();
  private final Map<String, Integer> refusals = new TreeMap<>();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final Thread thread;
  private volatile boolean asked;

  /** Starts it; the supplier blocks until there is an API to speak to. */
  AcknowledgedWriter(List<WatchedKind> kinds, int number, Supplier<ApiOverHttps> api) {
    this.kinds = List.copyOf(kinds);
    this.number = number;
    this.api = api;
    this.thread = Thread.ofVirtual().name("writer " + number).start(this::run);
  }

  private void run() {
    ApiOverHttps client = api.get();
    try {
      for (int n = 0; !asked && written.size() < MOST; n++) {
        // the writers are at different kinds, and each kind has several of them
        write(client, kinds.get((number + n) % kinds.size()), "w" + number + "-" + n);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(ApiOverHttps client, WatchedKind kind, String name)
      throws InterruptedException {
    var revisions = new ArrayList<Long>();
    long value = -1;
    long attempted = -1;
    Fate fate = Fate.KEPT;
    try {
      while (attempted < UPDATES && !asked) {
        attempted++;
        Answer answer = put(client, kind, name, attempted, revisions);
        if (isRefused(kind, answer)) {
          attempted = value;
          return;
        }
        revisions.add(
            Long.parseLong(answer.body().string("metadata", "resourceVersion").orElseThrow()));
        value = attempted;
        acknowledged.incrementAndGet();
        Thread.sleep(PACE);
      }
      if (written.size() % 2 == 0 && !asked) {
        fate = Fate.UNKNOWN;
        fate = isRefused(kind, client.delete(kind.path() + "/" + name)) ? Fate.KEPT : Fate.DELETED;
      }
    } catch (IOException e) {
      Thread.sleep(AFTER_REFUSAL);
    } finally {
      if (!revisions.isEmpty()) {
        written.add(new Written(kind, name, revisions, value, attempted, fate));
      }
    }
  }

  private static Answer put(
      ApiOverHttps client, WatchedKind kind, String name, long value, List<Long> revisions)
      throws IOException, InterruptedException {
    var metadata =
        JsonObject.builder()
            .put("name", name)
            .put("annotations", JsonObject.builder().put("value", Long.toString(value)).build());
    if (!revisions.isEmpty()) {
      metadata.put("resourceVersion", Long.toString(revisions.getLast()));
    }
    JsonObject object =
        kind.rest().toBuilder()
            .put("apiVersion", kind.apiVersion())
            .put("kind", kind.kind())
            .put("metadata", metadata.build())
            .build();
    String body = JsonWriter.write(object).toUtf8();
    return revisions.isEmpty()
        ? client.post(kind.path(), body)
        : client.put(kind.path() + "/" + name, body);
  }

  /**
   * Not ready yet, or busy: whoever is refused knows that nothing was written.
   *
   * @throws IOException if the server failed: then nobody knows
   */
  private boolean isRefused(WatchedKind kind, Answer answer)
      throws IOException, InterruptedException {
    if (answer.status() == 200 || answer.status() == 201) {
      return false;
    }
    refusals.merge(
        answer.status() + " " + kind + ": " + answer.body().string("reason").orElse(""),
        1,
        Integer::sum);
    if (answer.status() >= 500) {
      throw new IOException("status " + answer.status());
    }
    Thread.sleep(AFTER_REFUSAL);
    return true;
  }

  /** How many writes of objects were acknowledged so far. */
  int acknowledged() {
    return acknowledged.get();
  }

  /** In the order of writing. Once it has ended. */
  List<Written> written() {
    return written;
  }

  /** How often a call was refused, by status, kind and reason. Once it has ended. */
  Map<String, Integer> refusals() {
    return refusals;
  }

  /** Ends it after the write under way. */
  @Override
  public void close() throws InterruptedException {
    asked = true;
    if (!thread.join(Duration.ofSeconds(30))) {
      thread.interrupt();
      throw new AssertionError("the writer " + number + " hangs in a call");
    }
  }
}
