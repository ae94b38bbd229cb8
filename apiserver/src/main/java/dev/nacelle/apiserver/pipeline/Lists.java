package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.apiserver.watch.WatchCache;
import dev.nacelle.base.json.Json;
import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeResult;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Lists: whole ones from the watch cache, once it is as new as was asked for; chunks and exact
 * revisions from the store's snapshots.
 */
final class Lists {
  private static final int PAGE = 500;

  private final ServerParts parts;

  Lists(ServerParts parts) {
    this.parts = parts;
  }

  /** A page of a list. */
  record Page(
      List<StoredObject> objects, long revision, String continueToken, OptionalLong remaining) {}

  Page list(Target target, ListOptions options) throws InterruptedException {
    validate(options);
    Selection selection = Selection.of(target, options);
    if (!options.continueToken().isEmpty()) {
      return goOn(target, selection, options);
    }
    long asked = revision(options.resourceVersion());
    String match = options.resourceVersionMatch();
    boolean exact = match.equals("Exact") || (match.isEmpty() && options.limit() > 0 && asked > 0);
    if (exact) {
      return fromStore(target, selection, selection.keys(), asked, options.limit());
    }
    if (options.limit() > 0 && asked == 0 && !options.resourceVersion().equals("0")) {
      return fromStore(target, selection, selection.keys(), 0, options.limit());
    }
    return fromCache(target, selection, options, asked);
  }

  private Page fromCache(Target target, Selection selection, ListOptions options, long asked)
      throws InterruptedException {
    WatchCache cache = parts.caches().of(target.definition());
    long atLeast = options.resourceVersion().isEmpty() ? cache.newestRevision() : asked;
    var snapshot = cache.list(selection.keys(), atLeast);
    List<StoredObject> objects =
        selection.isWholeRange()
            ? snapshot.objects()
            : snapshot.objects().stream().filter(selection).toList();
    return new Page(objects, snapshot.revision(), "", OptionalLong.empty());
  }

  private Page goOn(Target target, Selection selection, ListOptions options) {
    ContinueToken token = ContinueToken.decode(options.continueToken());
    String prefix = ObjectFormat.storePrefix(target.definition());
    String after = prefix + token.after();
    if (!selection.covers(after) && !KeyRange.prefix(prefix).contains(after)) {
      throw ApiException.badRequest("continue key is not valid: it is of another list");
    }
    KeyRange rest = selection.keys().after(after);
    try {
      return fromStore(target, selection, rest, Math.max(0, token.revision()), options.limit());
    } catch (ApiException e) {
      if (e.isGone()) {
        throw new ContinueExpiredException(new ContinueToken(-1, token.after()).encode());
      }
      throw e;
    }
  }

  /** Reads a snapshot page by page until enough objects match. */
  private Page fromStore(
      Target target, Selection selection, KeyRange range, long revision, long limit) {
    String prefix = ObjectFormat.storePrefix(target.definition());
    var objects = new ArrayList<StoredObject>();
    int most = limit > 0 ? (int) Math.min(limit, Integer.MAX_VALUE) : Integer.MAX_VALUE;
    KeyRange rest = range;
    long at = revision;
    while (true) {
      boolean whole = selection.isWholeRange();
      int page = whole ? Math.min(most, Math.max(PAGE, 1)) : PAGE;
      var request = RangeRequest.of(rest).limit(page).atRevision(at);
      RangeResult result =
          read(limit > 0 && whole ? request.with(RangeRequest.Option.COUNT_ALL) : request);
      if (at == 0) {
        at = result.revision();
      }
      for (Entry entry : result.entries()) {
        var object =
            new StoredObject(target.definition(), entry.key(), entry.value(), entry.modRevision());
        if (!selection.test(object)) {
          continue;
        }
        objects.add(object);
        if (objects.size() == most) {
          return cut(prefix, result, entry, objects, at, whole && revision >= 0);
        }
      }
      if (!result.more()) {
        return new Page(objects, at, "", OptionalLong.empty());
      }
      rest = rest.after(result.entries().getLast().key());
    }
  }

  private static Page cut(
      String prefix,
      RangeResult result,
      Entry last,
      List<StoredObject> objects,
      long revision,
      boolean counted) {
    boolean more = result.more() || result.entries().getLast() != last;
    if (!more) {
      return new Page(objects, revision, "", OptionalLong.empty());
    }
    String token = new ContinueToken(revision, last.key().substring(prefix.length())).encode();
    long behind = result.count() - result.entries().indexOf(last) - 1;
    return new Page(
        objects, revision, token, counted ? OptionalLong.of(behind) : OptionalLong.empty());
  }

  private RangeResult read(RangeRequest request) {
    try {
      return parts.store().range(request);
    } catch (CompactedException e) {
      throw ApiException.expired("The resourceVersion for the provided list is too old.");
    } catch (FutureRevisionException e) {
      throw new ApiException(
          new dev.nacelle.api.status.Status(
              504,
              "Timeout",
              "Too large resource version: "
                  + request.revision()
                  + ", current: "
                  + e.currentRevision(),
              dev.nacelle.api.status.Status.Details.NONE));
    }
  }

  static long revision(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw invalidOptions(
        FieldError.invalid(
            "resourceVersion",
            Json.of(text),
            "strconv.ParseUint: parsing \"" + text + "\": invalid syntax"));
  }

  static ApiException invalidOptions(FieldError error) {
    return ApiException.invalid(
        new GroupVersionKind("meta.k8s.io", "v1", "ListOptions"), "", List.of(error));
  }

  private static void validate(ListOptions options) {
    String match = options.resourceVersionMatch();
    boolean goesOn = !options.continueToken().isEmpty();
    if (goesOn && !options.resourceVersion().isEmpty() && !options.resourceVersion().equals("0")) {
      throw ApiException.badRequest(
          "specifying resource version is not allowed when using continue");
    }
    if (match.isEmpty()) {
      return;
    }
    if (goesOn) {
      throw invalidOptions(
          FieldError.forbidden(
              "resourceVersionMatch",
              "resourceVersionMatch is forbidden when continue is provided"));
    }
    if (options.resourceVersion().isEmpty()) {
      throw invalidOptions(
          FieldError.forbidden(
              "resourceVersionMatch",
              "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    }
    if (!match.equals("Exact") && !match.equals("NotOlderThan")) {
      throw invalidOptions(
          FieldError.notSupported(
              "resourceVersionMatch", Json.of(match), List.of("Exact", "NotOlderThan", "")));
    }
    if (match.equals("Exact") && options.resourceVersion().equals("0")) {
      throw invalidOptions(
          FieldError.forbidden(
              "resourceVersionMatch",
              "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
    }
  }
}
