package dev.nacelle.testkit.e2e;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.testkit.e2e.ApiOverHttps.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A watch on one kind that is resumed from the last revision it saw whenever it breaks, and lists
 * anew only when the platform answers 410. Notes every event in the order of arrival.
 */
final class RevisionWatcher implements AutoCloseable {
  /** Revisions that a list jumped over after a 410: from (exclusive) to (inclusive). */
  record Jump(long from, long to) {}

  /** An event, without the object. */
  record Seen(long revision, String type, String name) {}

  private final WatchedKind kind;
  private final Supplier<ApiOverHttps> api;
  private final List<Seen> events = new ArrayList<>();
  private final List<Jump> jumps = new ArrayList<>();
  private final Thread thread;
  private volatile boolean asked;
  private volatile long last = -1;
  private volatile int resumed;

  RevisionWatcher(WatchedKind kind, Supplier<ApiOverHttps> api) {
    this.kind = kind;
    this.api = api;
    this.thread = Thread.ofVirtual().name("watch " + kind.kind()).start(this::run);
  }

  private void run() {
    ApiOverHttps client = api.get();
    while (!asked) {
      try {
        if (last < 0) {
          list(client);
        }
        watch(client);
      } catch (IOException | UncheckedIOException | JsonSyntaxException e) {
        pause(); // it broke in the middle: resumed from the last whole event
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void list(ApiOverHttps client) throws IOException, InterruptedException {
    Answer answer = client.get(kind.path());
    if (answer.status() != 200) {
      throw new IOException("status " + answer.status());
    }
    long now = Long.parseLong(answer.body().string("metadata", "resourceVersion").orElseThrow());
    synchronized (events) {
      jumps.add(new Jump(events.isEmpty() ? 0 : events.getLast().revision(), now));
    }
    last = now;
  }

  private void watch(ApiOverHttps client) throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        client.lines(kind.path() + "?watch=true&allowWatchBookmarks=true&resourceVersion=" + last);
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() == 410) {
        last = -1;
        return;
      }
      if (response.statusCode() != 200) {
        throw new IOException("status " + response.statusCode());
      }
      resumed++;
      for (Iterator<String> each = lines.iterator(); each.hasNext() && !asked; ) {
        if (!take(JsonReader.readObject(Bytes.utf8(each.next())))) {
          return;
        }
      }
    }
  }

  private boolean take(JsonObject event) {
    String type = event.string("type").orElse("");
    if (type.equals("ERROR")) {
      if (event.integer("object", "code").orElse(0) == 410) {
        last = -1;
      }
      return false;
    }
    long revision =
        Long.parseLong(event.string("object", "metadata", "resourceVersion").orElseThrow());
    if (!type.equals("BOOKMARK")) {
      synchronized (events) {
        events.add(
            new Seen(revision, type, event.string("object", "metadata", "name").orElseThrow()));
      }
    }
    last = revision;
    return true;
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

  long last() {
    return last;
  }

  /** How often a watch was opened. */
  int resumed() {
    return resumed;
  }

  /** In the order of arrival. */
  List<Seen> events() {
    synchronized (events) {
      return List.copyOf(events);
    }
  }

  List<Jump> jumps() {
    synchronized (events) {
      return List.copyOf(jumps);
    }
  }

  @Override
  public void close() throws InterruptedException {
    asked = true;
    thread.interrupt();
    thread.join(Duration.ofSeconds(10));
  }
}
