package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpLimits;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.VerityTree;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Gives others what this host has, by the protocol of docs/reference/peers.md. Bounded: so many
 * answers at once, so many fills for others; beyond, the asker goes on to its next source. Safe for
 * any thread.
 */
public final class PeerServer implements AutoCloseable {
  private static final HttpLimits LIMITS = new HttpLimits(512, 8 << 10, 64, Duration.ofMinutes(3));
  private static final Duration GRACE = Duration.ofSeconds(1);

  /** At once; each holds about a chunk in memory. */
  private static final int MOST_ANSWERS = 32;

  private static final int MOST_FILLS = 64;

  /** How long a request waits for its turn. */
  private static final Duration QUEUE = Duration.ofMillis(400);

  private final Peers peers;
  private final PeerAccess access;
  private final Semaphore answers = new Semaphore(MOST_ANSWERS);
  private final Semaphore fills = new Semaphore(MOST_FILLS);
  private final HttpServer server;

  private PeerServer(
      Peers peers,
      PeerAccess access,
      EventLoops loops,
      InetSocketAddress address,
      Supplier<TlsIdentity> identity)
      throws IOException {
    this.peers = peers;
    this.access = access;
    this.server =
        HttpServer.builder(loops, this::handle)
            .bind(address)
            .tls(new ServerTls(identity, ServerTls.ClientCertificates.REQUESTED))
            .limits(LIMITS)
            .start();
  }

  /**
   * Listens.
   *
   * @param address its port may be 0: any free one
   */
  public static PeerServer start(
      Peers peers,
      PeerAccess access,
      EventLoops loops,
      InetSocketAddress address,
      Supplier<TlsIdentity> identity)
      throws IOException {
    return new PeerServer(peers, access, loops, address, identity);
  }

  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.close(GRACE);
  }

  private void handle(HttpExchange exchange) throws Exception {
    PeerAccess.Verdict verdict = access.judge(exchange);
    if (verdict != PeerAccess.Verdict.ALLOWED) {
      boolean unknown = verdict == PeerAccess.Verdict.UNKNOWN;
      refuse(exchange, unknown ? 401 : 403, PeerMetrics.Answer.DENIED);
      return;
    }
    if (!exchange.method().equals("GET")) {
      refuse(exchange, 405, PeerMetrics.Answer.MALFORMED);
      return;
    }
    Optional<PeerRequest> wanted = PeerRequest.of(exchange);
    if (wanted.isEmpty()) {
      refuse(exchange, 400, PeerMetrics.Answer.MALFORMED);
      return;
    }
    switch (wanted.get()) {
      case PeerRequest.Layer(var key) -> layer(exchange, key);
      case PeerRequest.Metadata(var key) -> file(exchange, peers.shelf().metadata(key));
      case PeerRequest.Chunks chunks -> chunks(exchange, chunks);
      case PeerRequest.Content(var digest) -> content(exchange, digest);
    }
  }

  private Headers.Builder headers() {
    Headers.Builder headers = Headers.contentType("application/octet-stream").toBuilder();
    headers.add("content-encoding", "identity"); // what is proved is not compressed on the way
    peers.self().ifPresent(id -> headers.add(PeerProtocol.PEER, id));
    return headers;
  }

  private void refuse(HttpExchange exchange, int status, PeerMetrics.Answer answer) {
    refuse(exchange, status, answer, headers());
  }

  private void refuse(
      HttpExchange exchange, int status, PeerMetrics.Answer answer, Headers.Builder headers) {
    peers.metrics().answered(answer);
    exchange.respond(status, headers.build(), Bytes.EMPTY);
  }

  private void give(HttpExchange exchange, Headers.Builder headers, Bytes bytes) {
    peers.metrics().answered(PeerMetrics.Answer.SERVED);
    peers.metrics().served(bytes.sizeBytes());
    exchange.respond(200, headers.build(), bytes);
  }

  private void layer(HttpExchange exchange, String key) {
    exchange.headers().first(PeerProtocol.PEER).ifPresent(id -> peers.announced(id, key));
    Optional<LazyLayer> filled = filled(key);
    if (filled.isPresent()) {
      byte[] map = filled.get().present().toByteArray();
      give(exchange, headers().add(PeerProtocol.LAYER, PeerProtocol.PART), Bytes.wrap(map));
    } else if (peers.shelf().data(key).isPresent()) {
      give(exchange, headers().add(PeerProtocol.LAYER, PeerProtocol.WHOLE), Bytes.EMPTY);
    } else {
      refuse(exchange, 404, PeerMetrics.Answer.ABSENT);
    }
  }

  private Optional<LazyLayer> filled(String key) {
    return peers.layer(key).flatMap(LayerPeers::layer);
  }

  private void content(HttpExchange exchange, String digest) throws IOException {
    Optional<Bytes> content = peers.shelf().content(digest);
    if (content.isPresent() && content.get().sizeBytes() <= PeerProtocol.MAX_CONTENT_BYTES) {
      give(exchange, headers(), content.get());
    } else {
      refuse(exchange, 404, PeerMetrics.Answer.ABSENT);
    }
  }

  private void chunks(HttpExchange exchange, PeerRequest.Chunks wanted) throws Exception {
    Optional<LazyLayer> filled = filled(wanted.key());
    if (filled.isEmpty()) {
      whole(exchange, wanted);
      return;
    }
    LazyLayer layer = filled.get();
    ChunkRange range = wanted.range();
    if (!layer.has(range) && !(fills(wanted) && fill(wanted.key(), layer, range))) {
      if (!exchange.isClosed()) {
        Headers.Builder here = headers().add(PeerProtocol.LAYER, PeerProtocol.PART);
        refuse(exchange, 404, PeerMetrics.Answer.ABSENT, here);
      }
      return;
    }
    long size = 0;
    for (int n = range.first(); n < range.end(); n++) {
      size += layer.index().chunkBytes(n);
    }
    stream(
        exchange,
        size,
        out -> {
          for (int n = range.first(); n < range.end(); n++) {
            out.write(Bytes.wrap(layer.read(n)));
          }
        });
  }

  private static boolean fills(PeerRequest.Chunks wanted) {
    return wanted.absent() == PeerCall.Absent.FILL;
  }

  /** Fetches what this host owns; whether it is here now. */
  private boolean fill(String key, LazyLayer layer, ChunkRange range) throws InterruptedException {
    boolean owned = peers.layer(key).filter(l -> l.owns(range)).isPresent();
    boolean can = owned && range.end() <= layer.index().chunks() && layer.mayFetchAhead();
    if (!can || !fills.tryAcquire()) {
      return false;
    }
    try {
      layer.fill(
          (long) range.first() * VerityTree.CHUNK_BYTES,
          (long) range.count() * VerityTree.CHUNK_BYTES);
      return layer.has(range);
    } catch (IOException e) {
      return false; // the asker has other sources
    } finally {
      fills.release();
    }
  }

  private void whole(HttpExchange exchange, PeerRequest.Chunks wanted) throws Exception {
    Optional<Path> data = peers.shelf().data(wanted.key());
    long offset = (long) wanted.range().first() * VerityTree.CHUNK_BYTES;
    long most = (long) wanted.range().count() * VerityTree.CHUNK_BYTES;
    part(exchange, data, offset, most, VerityTree.CHUNK_BYTES);
  }

  private void file(HttpExchange exchange, Optional<Path> file) throws Exception {
    part(exchange, file, 0, Long.MAX_VALUE, 1);
  }

  /**
   * Sends bytes of a file.
   *
   * @param unit the last so many bytes asked for may be missing in part, not all
   */
  private void part(HttpExchange exchange, Optional<Path> file, long offset, long most, int unit)
      throws Exception {
    if (file.isEmpty()) {
      refuse(exchange, 404, PeerMetrics.Answer.ABSENT);
      return;
    }
    try (FileChannel channel = FileChannel.open(file.get(), StandardOpenOption.READ)) {
      long size = Math.min(most, Files.size(file.get()) - offset);
      if (size <= 0 || most != Long.MAX_VALUE && size <= most - unit) {
        refuse(exchange, 404, PeerMetrics.Answer.ABSENT);
        return;
      }
      stream(exchange, size, out -> out.writeFile(channel, offset, size));
    } catch (NoSuchFileException e) { // collected meanwhile
      refuse(exchange, 404, PeerMetrics.Answer.ABSENT);
    }
  }

  @FunctionalInterface
  private interface Sending {
    void to(ResponseStream out) throws IOException, InterruptedException;
  }

  private void stream(HttpExchange exchange, long size, Sending sending)
      throws InterruptedException {
    if (!answers.tryAcquire(QUEUE.toMillis(), TimeUnit.MILLISECONDS)) {
      refuse(exchange, 503, PeerMetrics.Answer.BUSY, headers().add("retry-after", "1"));
      return;
    }
    try {
      ResponseStream out =
          exchange.respondStreaming(
              200, headers().add("content-length", Long.toString(size)).build());
      try {
        sending.to(out);
        out.close();
        peers.metrics().answered(PeerMetrics.Answer.SERVED);
        peers.metrics().served(size);
      } catch (IOException | RuntimeException e) { // the asker has left, or what it wants is gone
        out.abort();
        peers.metrics().answered(PeerMetrics.Answer.FAILED);
      }
    } finally {
      answers.release();
    }
  }
}
