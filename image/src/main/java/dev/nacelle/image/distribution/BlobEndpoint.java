package dev.nacelle.image.distribution;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Blobs: end-2 and end-10 of the specification. */
final class BlobEndpoint {
  private static final String BYTES = "application/octet-stream";

  private final ContentStore content;
  private final PullThrough cache;
  private final Gate gate;

  BlobEndpoint(ContentStore content, PullThrough cache, Gate gate) {
    this.content = content;
    this.cache = cache;
    this.gate = gate;
  }

  void handle(HttpExchange exchange, Gate.Visitor visitor, Route.Blob route)
      throws IOException, InterruptedException {
    switch (exchange.method()) {
      case "GET", "HEAD" -> {
        gate.require(exchange, visitor, route.repository(), Set.of(Action.PULL));
        send(exchange, route.repository(), digest(route.digest()));
      }
      case "DELETE" -> {
        gate.require(exchange, visitor, route.repository(), Set.of(Action.DELETE));
        delete(route.repository(), digest(route.digest()));
        Answers.empty(exchange, 202, Answers.headers().build());
      }
      default -> throw Answers.notAllowed(exchange, "GET, HEAD, DELETE");
    }
  }

  static ContentDigest digest(String text) throws RegistryException {
    return ContentDigest.parse(text)
        .orElseThrow(
            () ->
                new RegistryException(
                    ErrorCode.DIGEST_INVALID,
                    ContentDigest.isDigest(text)
                        ? "only sha256 and sha512 digests in lower case are known here"
                        : "that is no digest; expected ALGORITHM:HEX"));
  }

  /** A blob of which nothing but the size is asked. */
  private record Announced(long sizeBytes) implements Answers.Body {
    @Override
    public void write(ResponseStream out, long offset, long count) {
      throw new IllegalStateException("a HEAD has no body");
    }
  }

  private void send(HttpExchange exchange, RepositoryName repository, ContentDigest digest)
      throws IOException, InterruptedException {
    if (exchange.method().equals("HEAD")) {
      Optional<Long> size = cache.sizeAtOrigin(repository, digest);
      if (size.isPresent()) {
        Answers.content(exchange, new Announced(size.get()), digest, BYTES);
        return;
      }
    } else {
      Optional<BlobFetch> arriving = cache.arriving(repository, digest);
      if (arriving.isPresent()) {
        Answers.content(exchange, arriving.get(), digest, BYTES);
        return;
      }
    }
    Path file = content.blob(repository, digest);
    content.touch(file);
    if (!Answers.content(exchange, file, digest, BYTES)) {
      throw new RegistryException(ErrorCode.BLOB_UNKNOWN, "no blob " + digest);
    }
  }

  private void delete(RepositoryName repository, ContentDigest digest) throws IOException {
    try (var held = content.lock(repository)) {
      content.unlink(repository, content.blob(repository, digest));
    }
  }
}
