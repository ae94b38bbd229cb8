package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes Events about objects, apart from the caller's path: a full queue drops the event. Repeated
 * events of the same object, reason and message are counted in one Event, as upstream's recorder
 * does. Safe for any thread.
 */
public final class EventRecorder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
  private static final int QUEUE = 4_096;
  private static final int REMEMBERED = 4_096;
  private static final int MAX_MESSAGE = 1_024;

  /** How grave it is. */
  public enum Type {
    NORMAL("Normal"),
    WARNING("Warning");

    private final String word;

    Type(String word) {
      this.word = word;
    }
  }

  private record Occurrence(
      KubeObject about, String fieldPath, Type type, String reason, String message, Instant at) {
    String sameness() {
      return about.uid() + "|" + fieldPath + "|" + type + "|" + reason + "|" + message;
    }
  }

  private record Written(ObjectKey key, long count) {}

  private final ApiClient client;
  private final String component;
  private final String host;
  private final InstantSource clock;
  private final BlockingQueue<Occurrence> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Map<String, Written> written =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Written> eldest) {
          return size() > REMEMBERED;
        }
      };
  private final Thread thread;

  /**
   * @param component such as {@code kubelet} or {@code default-scheduler}
   * @param host the node, empty for parts that are not of one
   */
  public EventRecorder(ApiClient client, String component, String host, InstantSource clock) {
    this.client = client;
    this.component = component;
    this.host = host;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("events " + component).start(this::run);
  }

  public void normal(KubeObject about, String reason, String message) {
    record(about, "", Type.NORMAL, reason, message);
  }

  public void warning(KubeObject about, String reason, String message) {
    record(about, "", Type.WARNING, reason, message);
  }

  /**
   * Records an event.
   *
   * @param fieldPath the part of the object, such as {@code spec.containers{web}}; empty for the
   *     whole
   */
  public void record(KubeObject about, String fieldPath, Type type, String reason, String message) {
    String bounded = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message;
    if (!queue.offer(new Occurrence(about, fieldPath, type, reason, bounded, clock.instant()))) {
      LOG.debug("event dropped: {} {} {}", about.key(), reason, bounded);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        write(queue.take());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        LOG.debug("an event was not written: {}", e.getMessage());
      }
    }
  }

  private void write(Occurrence event) {
    Written before = written.get(event.sameness());
    if (before != null && repeat(event, before)) {
      return;
    }
    KubeObject created =
        client.create(Resources.EVENTS, toEvent(event), WriteOptions.by(component));
    written.put(event.sameness(), new Written(created.key(), 1));
  }

  private boolean repeat(Occurrence event, Written before) {
    long count = before.count() + 1;
    JsonObject change =
        JsonObject.builder()
            .put("count", count)
            .put("lastTimestamp", KubeObject.formatTime(event.at()))
            .build();
    try {
      client.patch(Resources.EVENTS, before.key(), Patch.merge(change), WriteOptions.by(component));
    } catch (ApiException e) {
      if (e.isNotFound()) {
        return false;
      }
      throw e;
    }
    written.put(event.sameness(), new Written(before.key(), count));
    return true;
  }

  private KubeObject toEvent(Occurrence event) {
    KubeObject about = event.about();
    String namespace = about.namespace().isEmpty() ? "default" : about.namespace();
    String suffix =
        Long.toHexString(event.at().getEpochSecond() * 1_000_000_000L + event.at().getNano());
    String time = KubeObject.formatTime(event.at());
    var reference =
        JsonObject.builder()
            .put("kind", about.kind())
            .put("namespace", about.namespace())
            .put("name", about.name())
            .put("uid", about.uid())
            .put("apiVersion", about.apiVersion())
            .put("resourceVersion", about.resourceVersion());
    if (!event.fieldPath().isEmpty()) {
      reference.put("fieldPath", event.fieldPath());
    }
    var source = JsonObject.builder().put("component", component);
    if (!host.isEmpty()) {
      source.put("host", host);
    }
    return new KubeObject(
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "Event")
            .put(
                "metadata",
                JsonObject.builder()
                    .put("name", about.name() + "." + suffix)
                    .put("namespace", namespace)
                    .build())
            .put("involvedObject", reference.build())
            .put("reason", event.reason())
            .put("message", event.message())
            .put("source", source.build())
            .put("firstTimestamp", time)
            .put("lastTimestamp", time)
            .put("count", Json.of(1))
            .put("type", event.type().word)
            .put("eventTime", Json.nullValue())
            .put("reportingComponent", component)
            .put("reportingInstance", host)
            .build());
  }
}
