package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.ObjectWatch.EventType;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.http.Accepted.Form;
import dev.nacelle.apiserver.http.Tables.Heading;
import dev.nacelle.apiserver.http.Tables.IncludeObject;
import dev.nacelle.apiserver.pipeline.ResourceWatch;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.watch.CacheEvent;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Writes the frames of one watch until it ends. For one thread. */
final class WatchStream {
  private static final Duration BOOKMARK_EVERY = Duration.ofSeconds(60);
  private static final Duration LOOK = Duration.ofSeconds(10);

  private final ResourceWatch watch;
  private final Target target;
  private final Form form;
  private final IncludeObject include;
  private final boolean bookmarks;
  private final InstantSource clock;
  private final ResponseStream out;
  private Heading heading = Heading.FULL;

  WatchStream(
      ResourceWatch watch,
      Form form,
      IncludeObject include,
      boolean bookmarks,
      InstantSource clock,
      ResponseStream out) {
    this.watch = watch;
    this.target = watch.target();
    this.form = form;
    this.include = include;
    this.bookmarks = bookmarks;
    this.clock = clock;
    this.out = out;
  }

  /** Returns when the time is over, the client has left, or the watch cannot go on. */
  void run(Duration timeout) throws IOException, InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    long nextBookmark = System.nanoTime() + BOOKMARK_EVERY.toNanos();
    out.flush();
    try {
      while (!out.isClosed()) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          bookmark(watch.revision(), false);
          return;
        }
        Duration wait = Duration.ofNanos(Math.min(left, LOOK.toNanos()));
        List<ResourceWatch.Item> items = watch.next(wait);
        for (ResourceWatch.Item item : items) {
          write(item);
        }
        if (System.nanoTime() >= nextBookmark) {
          nextBookmark = System.nanoTime() + BOOKMARK_EVERY.toNanos();
          bookmark(watch.revision(), false);
          out.flush();
        } else if (!items.isEmpty()) {
          out.flush();
        }
      }
    } catch (ApiException e) {
      if (e.isGone()) {
        out.write(error(e));
      }
    }
  }

  /** The frame that reports a failure of a watch. */
  static Bytes error(ApiException failure) {
    return CacheEvent.frame("ERROR", JsonWriter.write(failure.status().toJson()));
  }

  private void write(ResourceWatch.Item item) throws IOException, InterruptedException {
    switch (item) {
      case ResourceWatch.Item.Change change -> out.write(frame(change));
      case ResourceWatch.Item.InitialEventsEnd(long revision) -> bookmark(revision, true);
    }
  }

  private Bytes frame(ResourceWatch.Item.Change change) {
    String version = target.version().name();
    return switch (form) {
      case TABLE -> {
        KubeObject object = change.object().object(version);
        Bytes frame = CacheEvent.frame(change.type(), JsonWriter.write(table(List.of(object))));
        heading = Heading.NONE;
        yield frame;
      }
      case METADATA ->
          CacheEvent.frame(
              change.type(),
              JsonWriter.write(Tables.metadataOnly(change.object().object(version))));
      case AS_IS, DISCOVERY_V2, DISCOVERY_V2BETA1 -> change.frame(version, watch.isPlain());
    };
  }

  private JsonObject table(List<KubeObject> objects) {
    JsonObject metadata =
        objects.isEmpty()
            ? JsonObject.EMPTY
            : JsonObject.builder()
                .put("resourceVersion", objects.getFirst().resourceVersion())
                .build();
    Instant now = clock.instant();
    return Tables.table(target, objects, metadata, include, heading, now);
  }

  private void bookmark(long revision, boolean endsInitial)
      throws IOException, InterruptedException {
    if (!bookmarks || revision <= 0) {
      return;
    }
    var metadata = JsonObject.builder().put("resourceVersion", Long.toString(revision));
    metadata.put("creationTimestamp", dev.nacelle.base.json.Json.nullValue());
    if (endsInitial) {
      metadata.put(
          "annotations", JsonObject.builder().put("k8s.io/initial-events-end", "true").build());
    }
    var object = JsonObject.builder();
    switch (form) {
      case TABLE -> {
        object.put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
      }
      case METADATA ->
          object.put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
      case AS_IS, DISCOVERY_V2, DISCOVERY_V2BETA1 ->
          object.put("kind", target.kind().kind()).put("apiVersion", target.kind().apiVersion());
    }
    object.put("metadata", metadata.build());
    if (form == Form.TABLE) {
      object.put("rows", dev.nacelle.base.json.JsonArray.EMPTY);
    }
    out.write(
        CacheEvent.frame(
            EventType.BOOKMARK, ObjectFormat.encodeReply(new KubeObject(object.build()))));
  }
}
