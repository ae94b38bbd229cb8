package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A watch over an answer of JSON lines. A virtual thread of its own reads ahead into a bounded
 * queue; a consumer that is slow slows the server.
 */
final class HttpWatch implements ObjectWatch {
  private static final int QUEUED = 256;
  private static final int CHUNK = 16 << 10;
  private static final int MAX_LINE = 32 << 20;

  private sealed interface Item {
    record Happened(Event event) implements Item {}

    record Ended(ApiException why) implements Item {}
  }

  private final HttpResponse response;
  private final String what;
  private final BlockingQueue<Item> queue = new ArrayBlockingQueue<>(QUEUED);
  private final Thread reader;
  private volatile boolean closed;

  /** Of the consumer's thread alone. */
  private @Nullable ApiException ended;

  /**
   * @param what names the watched things in messages
   */
  HttpWatch(HttpResponse response, String what) {
    this.response = response;
    this.what = what;
    this.reader = Thread.ofVirtual().name("watch " + what).start(this::run);
  }

  @Override
  public Optional<Event> next(Duration timeout) throws InterruptedException {
    ApiException before = ended;
    if (before != null) {
      throw before;
    }
    Item item = closed ? closedItem() : queue.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    return switch (item) {
      case null -> Optional.empty();
      case Item.Happened(Event event) -> Optional.of(event);
      case Item.Ended(ApiException why) -> {
        ended = why;
        throw why;
      }
    };
  }

  private Item.Ended closedItem() {
    return new Item.Ended(ApiException.unavailable("the watch of " + what + " is closed"));
  }

  @Override
  public void close() {
    closed = true;
    response.close();
    reader.interrupt();
    // a consumer that waits has an empty queue: this wakes it
    queue.offer(closedItem());
  }

  private void run() {
    ApiException why;
    try (response) {
      readLines(response.body());
      why = ApiException.unavailable("the server ended the watch of " + what);
    } catch (ApiException e) {
      why = e;
    } catch (IOException | JsonSyntaxException e) {
      why = ApiException.unavailable("the watch of " + what + " broke off: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    try {
      queue.put(new Item.Ended(why));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readLines(InputStream in) throws IOException, InterruptedException {
    var line = new ByteArrayOutputStream();
    byte[] chunk = new byte[CHUNK];
    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
      int from = 0;
      for (int i = 0; i < count; i++) {
        if (chunk[i] == '\n') {
          line.write(chunk, from, i - from);
          from = i + 1;
          take(line);
        }
      }
      line.write(chunk, from, count - from);
      if (line.size() > MAX_LINE) {
        throw new IOException("an event is larger than " + MAX_LINE + " bytes");
      }
    }
    take(line);
  }

  private void take(ByteArrayOutputStream line) throws InterruptedException {
    if (line.size() == 0) {
      return;
    }
    JsonObject frame = JsonReader.readObject(Bytes.wrap(line.toByteArray()));
    line.reset();
    JsonObject object = frame.object("object");
    String type = frame.string("type").orElse("");
    queue.put(
        new Item.Happened(
            new Event(
                switch (type) {
                  case "ADDED" -> EventType.ADDED;
                  case "MODIFIED" -> EventType.MODIFIED;
                  case "DELETED" -> EventType.DELETED;
                  case "BOOKMARK" -> EventType.BOOKMARK;
                  case "ERROR" -> throw new ApiException(Status.of(object));
                  default -> throw new JsonSyntaxException("unknown event type " + type);
                },
                new KubeObject(object))));
  }
}
