package dev.nacelle.image.distribution;

import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** Uploads of blobs: end-4, end-5, end-6, end-11 and end-13 of the specification. */
final class UploadEndpoint {
  /** How long a request waits for another one on the same upload, one that was cut off perhaps. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final Set<Action> PUSH = Set.of(Action.PULL, Action.PUSH);

  private final ContentStore content;
  private final UploadStore uploads;
  private final PullThrough cache;
  private final Gate gate;
  private final TraceLimits traces;

  UploadEndpoint(
      ContentStore content, UploadStore uploads, PullThrough cache, Gate gate, TraceLimits traces) {
    this.content = content;
    this.uploads = uploads;
    this.cache = cache;
    this.gate = gate;
    this.traces = traces;
  }

  void handle(HttpExchange exchange, Gate.Visitor visitor, Route.Uploads route)
      throws IOException, InterruptedException {
    if (!exchange.method().equals("POST")) {
      throw Answers.notAllowed(exchange, "POST");
    }
    Gate.Extent extent = gate.requireOrTraces(exchange, visitor, route.repository(), PUSH);
    cache.refusePush(route.repository());
    Optional<ContentDigest> mount =
        extent == Gate.Extent.EVERYTHING ? digest(exchange, "mount") : Optional.empty();
    if (mount.isPresent() && mounts(exchange, visitor, route.repository(), mount.get())) {
      created(exchange, route.repository(), mount.get());
      return;
    }
    Optional<ContentDigest> whole =
        mount.isPresent() ? Optional.empty() : digest(exchange, "digest");
    UploadSession session =
        uploads.begin(
            route.repository(),
            whole.map(ContentDigest::algorithm).orElse(likelyAlgorithm(exchange)));
    if (whole.isEmpty()) {
      progress(exchange, 202, session);
      return;
    }
    try (var held = hold(session)) {
      try {
        session.append(body(exchange, session, extent), length(exchange));
        session.finish(whole.get());
      } finally {
        uploads.drop(session);
      }
    }
    created(exchange, route.repository(), whole.get());
  }

  private boolean mounts(
      HttpExchange exchange, Gate.Visitor visitor, RepositoryName to, ContentDigest digest)
      throws IOException, InterruptedException {
    Optional<RepositoryName> from = exchange.query().first("from").flatMap(RepositoryName::parse);
    return from.isPresent()
        && gate.mayPullNow(visitor, from.get())
        && content.mount(from.get(), to, digest);
  }

  void handle(HttpExchange exchange, Gate.Visitor visitor, Route.Upload route)
      throws IOException, InterruptedException {
    Gate.Extent extent = gate.requireOrTraces(exchange, visitor, route.repository(), PUSH);
    UploadSession session = uploads.find(route.repository(), route.id());
    switch (exchange.method()) {
      case "GET", "HEAD" -> progress(exchange, 204, session);
      case "PATCH" -> {
        try (var held = hold(session)) {
          append(exchange, session, extent);
        }
        progress(exchange, 202, session);
      }
      case "PUT" -> put(exchange, session, extent);
      case "DELETE" -> {
        try (var held = hold(session)) {
          uploads.drop(session);
        }
        Answers.empty(exchange, 204, Answers.headers().build());
      }
      default -> throw Answers.notAllowed(exchange, "GET, HEAD, PATCH, PUT, DELETE");
    }
  }

  private void put(HttpExchange exchange, UploadSession session, Gate.Extent extent)
      throws IOException, InterruptedException {
    ContentDigest digest =
        digest(exchange, "digest")
            .orElseThrow(
                () ->
                    new RegistryException(
                        ErrorCode.DIGEST_INVALID, "the query must name the digest of the blob"));
    try (var held = hold(session)) {
      if (exchange.hasBody()) {
        append(exchange, session, extent);
      }
      try {
        session.finish(digest);
      } finally {
        uploads.drop(session);
      }
    }
    created(exchange, session.repository(), digest);
  }

  private InputStream body(HttpExchange exchange, UploadSession session, Gate.Extent extent) {
    return switch (extent) {
      case EVERYTHING -> exchange.bodyStream();
      case TRACES -> traces.bounded(exchange.bodyStream(), session);
    };
  }

  private void append(HttpExchange exchange, UploadSession session, Gate.Extent extent)
      throws IOException {
    long length = length(exchange);
    Optional<String> header = exchange.headers().first("content-range");
    if (header.isPresent()) {
      Optional<ByteRange> range = ByteRange.ofUpload(header.get());
      if (range.isEmpty() || range.get().first() != session.sizeBytes()) {
        throw outOfOrder(session);
      }
      if (length >= 0 && length != range.get().sizeBytes()) {
        throw new RegistryException(
            ErrorCode.SIZE_INVALID,
            "the content-range has %d bytes, the content-length %d"
                .formatted(range.get().sizeBytes(), length));
      }
      length = range.get().sizeBytes();
    }
    session.append(body(exchange, session, extent), length);
  }

  private static RegistryException outOfOrder(UploadSession session) {
    return new RegistryException(
        ErrorCode.BLOB_UPLOAD_INVALID,
        416,
        "the next byte of the upload is %d; the content-range must begin there"
            .formatted(session.sizeBytes()),
        place(session));
  }

  /** Answers come after the hold: the client's next request must not find the upload busy. */
  private static KeyedLocks.Held hold(UploadSession session)
      throws RegistryException, InterruptedException {
    KeyedLocks.Held held =
        session
            .tryHold(PATIENCE)
            .orElseThrow(
                () ->
                    new RegistryException(
                        ErrorCode.BLOB_UPLOAD_INVALID,
                        409,
                        "another request is working on this upload; ask for its state and go on",
                        place(session)));
    if (session.hasEnded()) {
      held.close();
      throw UploadStore.unknown(session.repository());
    }
    return held;
  }

  /** The length of the body; negative when it is not announced. */
  private static long length(HttpExchange exchange) {
    if (!exchange.hasBody()) {
      return 0;
    }
    String text = exchange.headers().first("content-length").orElse("");
    return text.matches("\\d{1,18}") && !exchange.headers().contains("transfer-encoding")
        ? Long.parseLong(text)
        : -1;
  }

  private static Optional<ContentDigest> digest(HttpExchange exchange, String parameter)
      throws RegistryException {
    Optional<String> text = exchange.query().first(parameter);
    return text.isEmpty() ? Optional.empty() : Optional.of(BlobEndpoint.digest(text.get()));
  }

  private static ContentDigest.Algorithm likelyAlgorithm(HttpExchange exchange) {
    return exchange
        .query()
        .first("digest-algorithm")
        .flatMap(ContentDigest.Algorithm::named)
        .orElse(ContentDigest.Algorithm.SHA256);
  }

  private static Headers place(UploadSession session) {
    return Headers.of(
        "location",
        "/v2/" + session.repository() + "/blobs/uploads/" + session.id(),
        "range",
        "0-" + Math.max(0, session.sizeBytes() - 1),
        "docker-upload-uuid",
        session.id());
  }

  private static void progress(HttpExchange exchange, int status, UploadSession session) {
    Answers.empty(exchange, status, Answers.headers().addAll(place(session)).build());
  }

  private static void created(
      HttpExchange exchange, RepositoryName repository, ContentDigest digest) {
    Answers.empty(
        exchange,
        201,
        Answers.headers()
            .add("location", "/v2/" + repository + "/blobs/" + digest)
            .add("docker-content-digest", digest.toString())
            .build());
  }
}
