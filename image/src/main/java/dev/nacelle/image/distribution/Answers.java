package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** How answers look. */
final class Answers {
  private Answers() {}

  static Headers.Builder headers() {
    return Headers.builder().add("docker-distribution-api-version", "registry/2.0");
  }

  static void empty(HttpExchange exchange, int status, Headers headers) {
    exchange.respond(status, headers, Bytes.EMPTY);
  }

  static void json(HttpExchange exchange, int status, Headers headers, Json body) {
    Headers all =
        headers.contains("content-type")
            ? headers
            : headers.toBuilder().add("content-type", "application/json").build();
    exchange.respond(status, all, JsonWriter.write(body));
  }

  static void error(HttpExchange exchange, RegistryException e) {
    JsonObject error =
        JsonObject.builder()
            .put("code", e.code().name())
            .put("message", String.valueOf(e.getMessage()))
            .put("detail", JsonObject.EMPTY)
            .build();
    json(
        exchange,
        e.status(),
        headers().addAll(e.headers()).build(),
        JsonObject.builder().put("errors", JsonArray.of(error)).build());
  }

  static RegistryException notAllowed(HttpExchange exchange, String allow) {
    return new RegistryException(
        ErrorCode.UNSUPPORTED,
        405,
        exchange.method() + " is not possible here; possible: " + allow,
        Headers.of("allow", allow));
  }

  /**
   * Sends a file that its digest names, whole or in part.
   *
   * @return false when the file is gone
   */
  static boolean content(HttpExchange exchange, Path file, ContentDigest digest, String mediaType)
      throws IOException, InterruptedException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      content(exchange, new FileBody(channel), digest, mediaType);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Bytes whose number is known. */
  interface Body {
    long sizeBytes() throws IOException, InterruptedException;

    void write(ResponseStream out, long offset, long count)
        throws IOException, InterruptedException;
  }

  private record FileBody(FileChannel channel) implements Body {
    @Override
    public long sizeBytes() throws IOException {
      return channel.size();
    }

    @Override
    public void write(ResponseStream out, long offset, long count)
        throws IOException, InterruptedException {
      out.writeFile(channel, offset, count);
    }
  }

  /** Sends what its digest names, whole or in part. */
  static void content(HttpExchange exchange, Body body, ContentDigest digest, String mediaType)
      throws IOException, InterruptedException {
    String etag = "\"" + digest + "\"";
    var headers =
        headers()
            .add("docker-content-digest", digest.toString())
            .add("etag", etag)
            .add("accept-ranges", "bytes");
    if (matches(exchange.headers(), etag)) {
      empty(exchange, 304, headers.build());
      return;
    }
    headers.add("content-type", mediaType);
    long size = body.sizeBytes();
    Optional<String> range =
        exchange.method().equals("GET")
                && exchange.headers().first("if-range").map(etag::equals).orElse(true)
            ? exchange.headers().first("range")
            : Optional.empty();
    switch (ByteRange.wanted(range, size)) {
      case ByteRange.Wanted.Whole whole ->
          send(exchange, 200, headers, body, new ByteRange(0, size - 1));
      case ByteRange.Wanted.Part(var part) ->
          send(
              exchange,
              206,
              headers.add(
                  "content-range", "bytes %d-%d/%d".formatted(part.first(), part.last(), size)),
              body,
              part);
      case ByteRange.Wanted.Unsatisfiable u ->
          throw new RegistryException(
              ErrorCode.SIZE_INVALID,
              416,
              "the content has %d bytes, none in the range".formatted(size),
              Headers.of("content-range", "bytes */" + size));
    }
  }

  private static void send(
      HttpExchange exchange, int status, Headers.Builder headers, Body body, ByteRange range)
      throws IOException, InterruptedException {
    Headers head = headers.add("content-length", Long.toString(range.sizeBytes())).build();
    // on an error it is not closed here: the server cuts the answer, so that the client sees it
    ResponseStream out = exchange.respondStreaming(status, head);
    if (!exchange.method().equals("HEAD")) {
      body.write(out, range.first(), range.sizeBytes());
    }
    out.close();
  }

  private static boolean matches(Headers headers, String etag) {
    return headers.hasToken("if-none-match", etag)
        || headers.hasToken("if-none-match", "W/" + etag)
        || headers.hasToken("if-none-match", "*");
  }
}
