package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.pipeline.WatchOptions.Initial;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.apiserver.watch.WatchCache;
import dev.nacelle.base.json.Json;
import java.util.List;

/** Begins watches. */
final class Watches {
  private final ServerParts parts;

  Watches(ServerParts parts) {
    this.parts = parts;
  }

  ResourceWatch begin(Target target, ListOptions options, WatchOptions watch)
      throws InterruptedException {
    validate(options, watch);
    Selection selection = Selection.of(target, options);
    long asked = Lists.revision(options.resourceVersion());
    WatchCache cache = parts.caches().of(target.definition());
    boolean fromState =
        watch.initial() == Initial.YES || (watch.initial() == Initial.UNSPECIFIED && asked == 0);
    if (!fromState) {
      long after = asked == 0 ? cache.newestRevision() : asked;
      return new ResourceWatch(target, selection, cache.cursorAfter(after), List.of(), 0, false);
    }
    long atLeast = options.resourceVersion().isEmpty() ? cache.newestRevision() : asked;
    WatchCache.Start start = cache.startFromState(selection.keys(), atLeast);
    List<StoredObject> initial = start.snapshot().objects().stream().filter(selection).toList();
    return new ResourceWatch(
        target,
        selection,
        start.cursor(),
        initial,
        start.snapshot().revision(),
        watch.initial() == Initial.YES && watch.bookmarks() == WatchOptions.Bookmarks.YES);
  }

  private static void validate(ListOptions options, WatchOptions watch) {
    String match = options.resourceVersionMatch();
    if (watch.initial() == Initial.UNSPECIFIED) {
      if (!match.isEmpty()) {
        throw Lists.invalidOptions(
            FieldError.forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is"
                    + " provided"));
      }
      return;
    }
    if (match.isEmpty()) {
      throw Lists.invalidOptions(
          FieldError.forbidden(
              "resourceVersionMatch",
              "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
    }
    if (!match.equals("NotOlderThan")) {
      throw Lists.invalidOptions(
          FieldError.notSupported("resourceVersionMatch", Json.of(match), List.of("NotOlderThan")));
    }
  }
}
