package dev.nacelle.store.rocks;

import dev.nacelle.store.CompactedException;
import dev.nacelle.store.Entry;
import dev.nacelle.store.FutureRevisionException;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.RangeRequest.Option;
import dev.nacelle.store.RangeResult;
import dev.nacelle.store.ValueCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Answers reads from snapshots. Safe for any thread. */
final class RangeReader {
  private final Engine engine;
  private final Committer committer;
  private final ValueCodec codec;

  RangeReader(Engine engine, Committer committer, ValueCodec codec) {
    this.engine = engine;
    this.committer = committer;
    this.codec = codec;
  }

  RangeResult read(RangeRequest request) {
    if (request.range().from().compareTo(request.range().end()) >= 0) {
      return new RangeResult(List.of(), false, 0, resolve(request.revision()));
    }
    if (request.revision() == 0 && request.range().isSingleKey()) {
      RangeResult found = readOne(request);
      if (found.count() == 1) {
        return found;
      }
    }
    try (View view = engine.view()) {
      long newest = view.revision();
      long asked = request.revision() == 0 ? newest : request.revision();
      if (asked > newest) {
        throw new FutureRevisionException(asked, newest);
      }
      // looked at behind the snapshot: the sweep begins after the compacted revision is published
      requireKept(asked);
      Walk walk =
          asked == newest
              ? new LiveWalk(view, request.range())
              : new PastWalk(view, request.range(), asked, !wantsValues(request));
      return collect(walk, request, asked);
    }
  }

  private long resolve(long asked) {
    long newest = committer.revision();
    if (asked > newest) {
      throw new FutureRevisionException(asked, newest);
    }
    requireKept(asked == 0 ? newest : asked);
    return asked == 0 ? newest : asked;
  }

  private void requireKept(long revision) {
    long compacted = committer.compactedRevision();
    if (revision < compacted) {
      throw new CompactedException(revision, compacted);
    }
  }

  /**
   * The newest version without a snapshot. What is found is the state at the revision known before,
   * or at its own if that is newer; what is missing may have existed at the revision known before.
   */
  private RangeResult readOne(RangeRequest request) {
    long known = committer.revision();
    String key = request.range().from();
    byte[] bytes = engine.get(Family.LIVE, Layout.ascii(key));
    if (bytes == null) {
      return new RangeResult(List.of(), false, 0, known);
    }
    Version version = Version.parse(key, bytes);
    List<Entry> entries =
        request.options().contains(Option.COUNT_ONLY)
            ? List.of()
            : List.of(entry(version, request));
    return new RangeResult(entries, false, 1, Math.max(known, version.modRevision()));
  }

  private RangeResult collect(Walk walk, RangeRequest request, long revision) {
    boolean countOnly = request.options().contains(Option.COUNT_ONLY);
    boolean countAll = countOnly || request.options().contains(Option.COUNT_ALL);
    int limit = request.limit() == 0 ? Integer.MAX_VALUE : request.limit();
    List<Entry> entries = new ArrayList<>();
    long count = 0;
    for (; walk.isValid(); walk.next()) {
      count++;
      if (!countOnly && count <= limit) {
        entries.add(entry(walk.version(), request));
      } else if (!countAll) {
        break;
      }
    }
    return new RangeResult(entries, !countOnly && count > limit, count, revision);
  }

  private Entry entry(Version version, RangeRequest request) {
    return wantsValues(request) ? version.plain(codec) : version.keyOnly();
  }

  private static boolean wantsValues(RangeRequest request) {
    return !request.options().contains(Option.KEYS_ONLY)
        && !request.options().contains(Option.COUNT_ONLY);
  }

  /** The keys of a range that exist at a revision, in order. */
  private interface Walk {
    boolean isValid();

    Version version();

    void next();
  }

  /** At the newest revision of the snapshot. */
  private static final class LiveWalk implements Walk {
    private final View.Cursor cursor;

    LiveWalk(View view, KeyRange range) {
      this.cursor = view.cursor(Family.LIVE, Layout.ascii(range.from()), Layout.ascii(range.end()));
    }

    @Override
    public boolean isValid() {
      return cursor.isValid();
    }

    @Override
    public Version version() {
      return Version.parse(Layout.text(cursor.key()), cursor.value());
    }

    @Override
    public void next() {
      cursor.next();
    }
  }

  /** At an older revision: both families side by side, for a key may live in either or both. */
  private static final class PastWalk implements Walk {
    private final View.Cursor live;
    private final View.Cursor past;
    private final long revision;
    private final boolean headersOnly;
    private @Nullable Version version;

    PastWalk(View view, KeyRange range, long revision, boolean headersOnly) {
      this.live = view.cursor(Family.LIVE, Layout.ascii(range.from()), Layout.ascii(range.end()));
      this.past =
          view.cursor(Family.PAST, Layout.pastBound(range.from()), Layout.pastBound(range.end()));
      this.revision = revision;
      this.headersOnly = headersOnly;
      next();
    }

    @Override
    public boolean isValid() {
      return version != null;
    }

    @Override
    public Version version() {
      return Objects.requireNonNull(version);
    }

    @Override
    public void next() {
      version = null;
      while (version == null) {
        String liveKey = live.isValid() ? Layout.text(live.key()) : null;
        String pastKey = past.isValid() ? Layout.pastKey(past.key()) : null;
        if (liveKey != null && (pastKey == null || liveKey.compareTo(pastKey) <= 0)) {
          stepLive(liveKey, liveKey.equals(pastKey));
        } else if (pastKey != null) {
          version = pastVersion(pastKey);
          past.seek(Layout.pastEnd(pastKey));
        } else {
          return;
        }
      }
    }

    private void stepLive(String key, boolean hasPast) {
      Version current = parse(key, live.value());
      live.next();
      if (current.modRevision() <= revision) {
        version = current;
      } else if (hasPast) {
        version = pastVersion(key);
      }
      if (hasPast) {
        past.seek(Layout.pastEnd(key));
      }
    }

    /** The version of {@code key} at the revision; null if it did not exist then. */
    private @Nullable Version pastVersion(String key) {
      past.seek(Layout.past(key, revision));
      if (!past.isValid() || !Layout.pastKey(past.key()).equals(key)) {
        return null;
      }
      byte[] bytes = past.value();
      return bytes.length == 0 ? null : parse(key, bytes);
    }

    private Version parse(String key, byte[] bytes) {
      return headersOnly ? Version.parseHeader(key, bytes) : Version.parse(key, bytes);
    }
  }
}
