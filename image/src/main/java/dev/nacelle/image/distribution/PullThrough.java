package dev.nacelle.image.distribution;

import dev.nacelle.base.task.Threads;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.distribution.RegistryMetrics.Cache;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what is asked for from the origins of cached repositories: a tag is asked for again after
 * a minute, and what is here is served while the origin cannot be asked or does not answer; a blob
 * is shown while it arrives. However many ask for the same, it is fetched once. Safe for any
 * thread; closing it ends what is under way.
 */
final class PullThrough implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PullThrough.class);
  private static final Duration FRESH = Duration.ofMinutes(1);
  private static final int BLOBS_AT_ONCE = 16;

  /** How long an origin is asked about a tag that is here, before what is here is served. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Origins origins;
  private final ContentStore content;
  private final ManifestStore manifests;
  private final UploadStore uploads;
  private final CacheRoom cacheRoom;
  private final RegistryMetrics metrics;
  private final Clock clock;
  private final SharedCalls calls = new SharedCalls();
  private final Semaphore room = new Semaphore(BLOBS_AT_ONCE);
  private final Map<Key, Running> fetches = new ConcurrentHashMap<>();

  private record Key(RepositoryName repository, ContentDigest digest) {}

  private record Running(BlobFetch fetch, Thread thread) {}

  PullThrough(
      Origins origins,
      ContentStore content,
      ManifestStore manifests,
      UploadStore uploads,
      RegistryMetrics metrics,
      Clock clock) {
    this.origins = origins;
    this.content = content;
    this.manifests = manifests;
    this.uploads = uploads;
    this.cacheRoom = new CacheRoom(origins, content, manifests);
    this.metrics = metrics;
    this.clock = clock;
  }

  /**
   * @throws RegistryException where the repository is a cache: what is pushed belongs to the origin
   */
  void refusePush(RepositoryName repository) throws RegistryException {
    Optional<Origins.Origin> origin = origins.of(repository);
    if (origin.isPresent()) {
      throw new RegistryException(
          ErrorCode.UNSUPPORTED,
          "cannot push to %s: it is a cache of %s; push there, or to another name"
              .formatted(repository, origin.get().url()));
    }
  }

  /** Brings a manifest here, or up to date, where the repository is a cache. */
  void bring(RepositoryName repository, Reference reference)
      throws IOException, InterruptedException {
    Optional<Origins.Origin> origin = origins.of(repository);
    if (origin.isEmpty()) {
      return;
    }
    switch (reference) {
      case Reference.Tag tag -> {
        if (isFresh(repository, tag)) {
          metrics.looked("manifest", Cache.HIT);
        } else {
          calls.run(repository + ":" + tag, () -> refresh(repository, tag, origin.get()));
        }
      }
      case Reference.ByDigest(var digest) -> {
        if (manifests.has(repository, digest)) {
          metrics.looked("manifest", Cache.HIT);
        } else if (isFetched(digest)) {
          calls.run(
              repository + "@" + digest,
              () -> {
                if (!manifests.has(repository, digest)) {
                  fetchByDigest(repository, digest, origin.get());
                }
              });
        }
      }
    }
  }

  /** Clients of origins know this algorithm alone. */
  private static boolean isFetched(ContentDigest digest) {
    return digest.algorithm() == ContentDigest.Algorithm.SHA256;
  }

  private boolean isFresh(RepositoryName repository, Reference.Tag tag) throws IOException {
    return manifests
        .tagged(repository, tag)
        .filter(known -> known.checked().isAfter(clock.instant().minus(FRESH)))
        .isPresent();
  }

  private void refresh(RepositoryName repository, Reference.Tag tag, Origins.Origin origin)
      throws IOException, InterruptedException {
    if (isFresh(repository, tag)) {
      return; // somebody else was here just before
    }
    Optional<ManifestStore.Tagged> known = manifests.tagged(repository, tag);
    try {
      Optional<Repository.Fetched> newer =
          known.isPresent()
              ? soon(() -> newer(origin.repository(), tag, known))
              : newer(origin.repository(), tag, known);
      if (newer.isEmpty()) {
        metrics.looked("manifest", Cache.REVALIDATED);
      } else {
        store(repository, newer.get(), List.of(tag));
        metrics.looked("manifest", Cache.MISS);
      }
    } catch (ImageException e) {
      boolean stale = known.isPresent() && !isAbsent(e);
      metrics.looked("manifest", stale ? Cache.STALE : Cache.FAILED);
      if (!stale) {
        forget(repository, tag, e);
        throw refusal(e, origin, ErrorCode.MANIFEST_UNKNOWN);
      }
      LOG.warn(
          "{}:{} is served as it was: {} cannot be asked: {}",
          repository,
          tag,
          origin.url(),
          e.getMessage());
    }
    manifests.confirm(repository, tag, clock.instant());
  }

  /** What a tag leads to at the origin; empty where that is known here. */
  private static Optional<Repository.Fetched> newer(
      Repository origin, Reference.Tag tag, Optional<ManifestStore.Tagged> known)
      throws InterruptedException {
    Optional<String> now = origin.digestOf(tag.name());
    return known.isPresent() && now.equals(Optional.of(known.get().digest().toString()))
        ? Optional.empty()
        : Optional.of(origin.fetch(now.orElse(tag.name())));
  }

  /**
   * Asks an origin that can be done without, on a thread that has ended or is ending afterwards.
   *
   * @throws ImageException also if it takes longer than {@link #PATIENCE}
   */
  private static <T> T soon(Callable<T> question) throws InterruptedException {
    var asked = new FutureTask<>(question);
    Thread asking = new Threads("registry").startVirtual("ask", asked);
    try {
      return asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new ImageException(
          ImageFault.REGISTRY_UNAVAILABLE,
          "it has not answered for %d s".formatted(PATIENCE.toSeconds()),
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException why) {
        throw why;
      }
      throw new IllegalStateException("cannot ask the origin", e.getCause());
    } finally {
      asking.interrupt();
    }
  }

  /** A tag that the origin has no more is none here. */
  private void forget(RepositoryName repository, Reference.Tag tag, ImageException e)
      throws IOException {
    if (isAbsent(e) && manifests.tagged(repository, tag).isPresent()) {
      manifests.delete(repository, tag);
    }
  }

  private void fetchByDigest(RepositoryName repository, ContentDigest digest, Origins.Origin origin)
      throws IOException, InterruptedException {
    try {
      store(repository, origin.repository().fetch(digest.toString()), List.of());
      metrics.looked("manifest", Cache.MISS);
    } catch (ImageException e) {
      metrics.looked("manifest", Cache.FAILED);
      throw refusal(e, origin, ErrorCode.MANIFEST_UNKNOWN);
    }
  }

  private void store(
      RepositoryName repository, Repository.Fetched fetched, List<Reference.Tag> tags)
      throws IOException {
    ContentDigest digest = ContentDigest.of(ContentDigest.Algorithm.SHA256, fetched.body());
    var document = ManifestDocument.parse(fetched.mediaType(), fetched.body());
    cacheRoom.make(repository, 2 * fetched.body().sizeBytes());
    manifests.putCached(repository, digest, document, fetched.body(), tags);
  }

  /** A blob that is on its way here; empty where it is here already, or never comes. */
  Optional<BlobFetch> arriving(RepositoryName repository, ContentDigest digest) {
    Optional<Origins.Origin> origin = origins.of(repository);
    if (origin.isEmpty()) {
      return Optional.empty();
    }
    if (content.has(repository, digest)) {
      metrics.looked("blob", Cache.HIT);
      return Optional.empty();
    }
    if (!isFetched(digest)) {
      return Optional.empty();
    }
    metrics.looked("blob", Cache.MISS);
    return Optional.of(
        fetches
            .computeIfAbsent(new Key(repository, digest), key -> start(key, origin.get()))
            .fetch());
  }

  /** The size of a blob that need not be here for that; empty where the repository is no cache. */
  Optional<Long> sizeAtOrigin(RepositoryName repository, ContentDigest digest)
      throws RegistryException, InterruptedException {
    Optional<Origins.Origin> origin = origins.of(repository);
    if (origin.isEmpty() || content.has(repository, digest) || !isFetched(digest)) {
      return Optional.empty();
    }
    try {
      return Optional.of(origin.get().repository().sizeOf(digest.toString()));
    } catch (ImageException e) {
      throw refusal(e, origin.get(), ErrorCode.BLOB_UNKNOWN);
    }
  }

  private Running start(Key key, Origins.Origin origin) {
    var fetch = new BlobFetch(content.layout().blob(key.repository(), key.digest()));
    Thread thread = new Threads("registry").startVirtual("fetch", () -> fetch(key, origin, fetch));
    return new Running(fetch, thread);
  }

  private void fetch(Key key, Origins.Origin origin, BlobFetch fetch) {
    try {
      room.acquire();
      try {
        receive(key, origin.repository(), fetch);
        fetch.proved();
      } finally {
        room.release();
      }
    } catch (ImageException e) {
      fetch.failed(refusal(e, origin, ErrorCode.BLOB_UNKNOWN));
    } catch (IOException e) {
      LOG.warn("cannot fetch {} of {}: {}", key.digest(), key.repository(), e.toString());
      fetch.failed(e);
    } catch (InterruptedException e) {
      fetch.failed(new IOException("the registry is closing", e));
    } catch (RuntimeException e) {
      LOG.error("cannot fetch {} of {}", key.digest(), key.repository(), e);
      fetch.failed(new IOException("cannot fetch the blob: " + e.getMessage(), e));
    } finally {
      fetches.remove(key);
    }
  }

  private void receive(Key key, Repository repository, BlobFetch fetch)
      throws IOException, InterruptedException {
    if (content.has(key.repository(), key.digest())) {
      // another fetch has ended just before this one began
      var file = content.blob(key.repository(), key.digest());
      fetch.begun(java.nio.file.Files.size(file), file);
      return;
    }
    long sizeBytes = repository.sizeOf(key.digest().toString());
    cacheRoom.make(key.repository(), sizeBytes);
    UploadSession session = uploads.begin(key.repository(), key.digest().algorithm());
    try (var held = session.hold()) {
      try (InputStream in =
          repository.blob(
              new Descriptor("", key.digest().toString(), sizeBytes, Optional.empty()))) {
        fetch.begun(sizeBytes, session.data());
        session.append(fetch.followed(in, session), sizeBytes);
        session.finish(key.digest());
      } finally {
        uploads.drop(session);
      }
    }
  }

  private static boolean isAbsent(ImageException e) {
    return switch (e.fault()) {
      case NOT_FOUND, UNAUTHORIZED -> true;
      default -> false;
    };
  }

  private static RegistryException refusal(
      ImageException e, Origins.Origin origin, ErrorCode absent) {
    var refusal =
        switch (e.fault()) {
          case NOT_FOUND -> new RegistryException(absent, origin.url() + " does not have it");
          case UNAUTHORIZED ->
              new RegistryException(
                  absent,
                  origin.url() + " does not have it, or wants other credentials: see --registries");
          default ->
              new RegistryException(
                  ErrorCode.UNAVAILABLE, origin.url() + " does not give it: " + e.getMessage());
        };
    refusal.initCause(e);
    return refusal;
  }

  @Override
  public void close() {
    List<Running> running = List.copyOf(fetches.values());
    running.forEach(r -> r.thread().interrupt());
    for (Running each : running) {
      try {
        each.thread().join(Duration.ofSeconds(2));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
