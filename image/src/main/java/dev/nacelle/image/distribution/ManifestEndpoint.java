package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.BodyTooLargeException;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Manifests: end-3, end-7 and end-9 of the specification. */
final class ManifestEndpoint {
  /** Manifests that are read at once: each may be a tree many times as large as its text. */
  private static final int TREES = 8;

  /** Text of manifests that may be arriving at once. */
  private static final int ARRIVING_KIB = 64 << 10;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int MOST_TAGS = 32;

  private final ManifestStore manifests;
  private final ContentStore content;
  private final PullThrough cache;
  private final Gate gate;
  private final PushFeed feed;
  private final TraceLimits traces;
  private final Semaphore trees = new Semaphore(TREES);
  private final Semaphore arriving = new Semaphore(ARRIVING_KIB);

  ManifestEndpoint(
      ManifestStore manifests,
      ContentStore content,
      PullThrough cache,
      Gate gate,
      PushFeed feed,
      TraceLimits traces) {
    this.manifests = manifests;
    this.content = content;
    this.cache = cache;
    this.gate = gate;
    this.feed = feed;
    this.traces = traces;
  }

  void handle(HttpExchange exchange, Gate.Visitor visitor, Route.Manifest route)
      throws IOException, InterruptedException {
    switch (exchange.method()) {
      case "GET", "HEAD" -> {
        gate.require(exchange, visitor, route.repository(), Set.of(Action.PULL));
        send(exchange, route.repository(), reference(route.reference()));
      }
      case "PUT" -> {
        Gate.Extent extent =
            gate.requireOrTraces(
                exchange, visitor, route.repository(), Set.of(Action.PULL, Action.PUSH));
        cache.refusePush(route.repository());
        put(exchange, route.repository(), reference(route.reference()), extent);
      }
      case "DELETE" -> {
        Gate.Extent extent =
            gate.requireOrTraces(exchange, visitor, route.repository(), Set.of(Action.DELETE));
        Reference reference = reference(route.reference());
        if (extent == Gate.Extent.TRACES) {
          checkTraceDelete(exchange, visitor, route.repository(), reference);
        }
        manifests.delete(route.repository(), reference);
        Answers.empty(exchange, 202, Answers.headers().build());
      }
      default -> throw Answers.notAllowed(exchange, "GET, HEAD, PUT, DELETE");
    }
  }

  /** Who has more than the right to traces hears that the right to delete is missing. */
  private void checkTraceDelete(
      HttpExchange exchange, Gate.Visitor visitor, RepositoryName repository, Reference reference)
      throws IOException, InterruptedException {
    try {
      traces.checkDelete(repository, reference);
    } catch (RegistryException e) {
      if (e.code() == ErrorCode.DENIED && gate.hasPush(visitor, repository)) {
        gate.require(exchange, visitor, repository, Set.of(Action.DELETE));
      }
      throw e;
    }
  }

  private static Reference reference(String text) throws RegistryException {
    Optional<Reference> reference = Reference.parse(text);
    if (reference.isPresent()) {
      return reference.get();
    }
    throw text.indexOf(':') >= 0
        ? new RegistryException(
            ErrorCode.DIGEST_INVALID, "only sha256 and sha512 digests are known here")
        : new RegistryException(ErrorCode.MANIFEST_INVALID, "that is neither a tag nor a digest");
  }

  private void send(HttpExchange exchange, RepositoryName repository, Reference reference)
      throws IOException, InterruptedException {
    cache.bring(repository, reference);
    StoredManifest manifest = manifests.find(repository, reference);
    content.touch(manifest.file());
    if (!Answers.content(exchange, manifest.file(), manifest.digest(), manifest.mediaType())) {
      throw new RegistryException(
          ErrorCode.MANIFEST_UNKNOWN, "no manifest " + reference + " in " + repository);
    }
  }

  private void put(
      HttpExchange exchange, RepositoryName repository, Reference reference, Gate.Extent extent)
      throws IOException, InterruptedException {
    List<Reference.Tag> tags = tags(exchange, reference);
    int sizeKib = largestKib(exchange);
    if (!arriving.tryAcquire(sizeKib, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new RegistryException(
          ErrorCode.TOOMANYREQUESTS,
          429,
          "too many manifests are arriving; come again",
          Headers.of("retry-after", "1"));
    }
    ManifestDocument document;
    ContentDigest digest;
    try {
      Bytes body = body(exchange);
      digest = digest(exchange, reference, body);
      trees.acquire();
      try {
        document =
            ManifestDocument.parse(exchange.headers().first("content-type").orElse(""), body);
        if (extent == Gate.Extent.TRACES) {
          traces.checkPut(repository, reference, tags, document, body);
        }
        manifests.put(repository, digest, document, body, tags);
      } finally {
        trees.release();
      }
    } finally {
      arriving.release(sizeKib);
    }
    for (Optional<String> tag : named(tags)) {
      feed.offer(new PushListener.Push(repository, digest, document.mediaType(), tag));
    }
    var headers =
        Answers.headers()
            .add("location", "/v2/" + repository + "/manifests/" + reference)
            .add("docker-content-digest", digest.toString());
    document.subject().ifPresent(subject -> headers.add("oci-subject", subject.toString()));
    if (reference instanceof Reference.ByDigest) {
      tags.forEach(tag -> headers.add("oci-tag", tag.name()));
    }
    Answers.empty(exchange, 201, headers.build());
  }

  /** What the body may come to: as announced, else the most there may be. */
  private static int largestKib(HttpExchange exchange) {
    String length = exchange.headers().first("content-length").orElse("");
    int most = RegistryLimits.MANIFEST_BYTES >> 10;
    return length.matches("\\d{1,9}") ? Math.min(most, (Integer.parseInt(length) >> 10) + 1) : most;
  }

  private static List<Optional<String>> named(List<Reference.Tag> tags) {
    return tags.isEmpty()
        ? List.of(Optional.empty())
        : tags.stream().map(tag -> Optional.of(tag.name())).toList();
  }

  /** The tag of the path, or those that the query adds to a digest. */
  private static List<Reference.Tag> tags(HttpExchange exchange, Reference reference)
      throws RegistryException {
    return switch (reference) {
      case Reference.Tag tag -> List.of(tag);
      case Reference.ByDigest digest -> {
        var tags = new LinkedHashSet<Reference.Tag>();
        for (String name : exchange.query().all("tag")) {
          if (!Reference.Tag.isTag(name) || tags.size() == MOST_TAGS) {
            throw new RegistryException(
                ErrorCode.MANIFEST_INVALID,
                "the query names something that is no tag, or more than %d".formatted(MOST_TAGS));
          }
          tags.add(new Reference.Tag(name));
        }
        yield List.copyOf(tags);
      }
    };
  }

  private static Bytes body(HttpExchange exchange) throws IOException, InterruptedException {
    try {
      return exchange.body(RegistryLimits.MANIFEST_BYTES);
    } catch (BodyTooLargeException e) {
      var tooLarge =
          new RegistryException(
              ErrorCode.SIZE_INVALID,
              413,
              "a manifest may have %d bytes at most".formatted(RegistryLimits.MANIFEST_BYTES),
              Headers.EMPTY);
      tooLarge.initCause(e);
      throw tooLarge;
    }
  }

  private static ContentDigest digest(HttpExchange exchange, Reference reference, Bytes body)
      throws RegistryException {
    Optional<ContentDigest> expected =
        switch (reference) {
          case Reference.ByDigest(var digest) -> Optional.of(digest);
          case Reference.Tag tag -> {
            Optional<String> text = exchange.query().first("digest");
            yield text.isEmpty()
                ? Optional.<ContentDigest>empty()
                : Optional.of(BlobEndpoint.digest(text.get()));
          }
        };
    ContentDigest found =
        ContentDigest.of(
            expected.map(ContentDigest::algorithm).orElse(ContentDigest.Algorithm.SHA256), body);
    if (expected.isPresent() && !expected.get().equals(found)) {
      throw new RegistryException(
          ErrorCode.DIGEST_INVALID,
          "the manifest has the digest %s, not %s".formatted(found, expected.get()));
    }
    return found;
  }
}
