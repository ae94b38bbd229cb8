package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Requests to one peer. What it answers, and that it does not, counts for its reputation. An
 * interrupt ends a request.
 *
 * @param self the URL under which this host serves, if it does
 */
record PeerCall(Peer peer, Optional<String> self) {
  private static final int MAX_MAP_BYTES = 64 << 10;

  /** How much of a layer a peer has. */
  record Has(BitSet chunks, boolean whole) {
    boolean all(int first, int count) {
      return whole || chunks.nextClearBit(first) >= first + count;
    }
  }

  /** Whether it has a layer at all tells of chunks that it has not. */
  enum Found {
    YES,
    NOT_THESE,
    NO_LAYER,
    BUSY
  }

  /** Answers that are no failures. */
  record Chunks(Found found, List<ByteBuffer> buffers) {}

  private HttpResponse send(String path) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.get(URI.create(base() + PeerProtocol.ROOT + path));
    HttpResponse response =
        peer.realm().send(self.map(id -> request.with(PeerProtocol.PEER, id)).orElse(request));
    response
        .headers()
        .first(PeerProtocol.PEER)
        .filter(id -> !id.isEmpty() && id.length() <= 256)
        .ifPresent(peer::calledItself);
    return response;
  }

  private String base() {
    String url = peer.url().toString();
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  @FunctionalInterface
  private interface Reading<T> {
    T of(HttpResponse response) throws IOException;
  }

  private <T> T ask(String path, Reading<T> reading) throws IOException, InterruptedException {
    try (HttpResponse response = send(path)) {
      T read = reading.of(response);
      peer.answered();
      return read;
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedException("the answer is not needed any more");
      }
      peer.failed(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private IOException refusal(HttpResponse response) {
    return new IOException(peer + " answered " + response.status());
  }

  private static boolean isBusy(int status) {
    return status == 429 || status == 503;
  }

  /** What it has of a layer; tells it that we have the layer too. */
  Optional<Has> layer(String key, int chunks) throws IOException, InterruptedException {
    return ask(
        "layers/" + key,
        response -> {
          if (response.status() == 404 || isBusy(response.status())) {
            return Optional.empty();
          }
          if (response.status() != 200) {
            throw refusal(response);
          }
          boolean whole =
              response
                  .headers()
                  .first(PeerProtocol.LAYER)
                  .filter(PeerProtocol.WHOLE::equals)
                  .isPresent();
          BitSet map = BitSet.valueOf(response.bytes(MAX_MAP_BYTES).unsafeArray());
          return Optional.of(new Has(map.get(0, chunks), whole));
        });
  }

  /**
   * Neighbouring chunks as they are.
   *
   * @param sizes of each
   * @param fill whether it may fetch what it lacks, if it owns them
   */
  Chunks chunks(String key, int first, int[] sizes, Absent fill)
      throws IOException, InterruptedException {
    String query = "?first=" + first + "&count=" + sizes.length + "&absent=" + fill.text();
    return ask(
        "layers/" + key + "/chunks" + query,
        response -> {
          if (isBusy(response.status())) {
            return new Chunks(Found.BUSY, List.of());
          }
          if (response.status() == 404) {
            boolean open = response.headers().contains(PeerProtocol.LAYER);
            return new Chunks(open ? Found.NOT_THESE : Found.NO_LAYER, List.of());
          }
          if (response.status() != 200) {
            throw refusal(response);
          }
          return new Chunks(Found.YES, read(response.body(), sizes));
        });
  }

  private List<ByteBuffer> read(InputStream body, int[] sizes) throws IOException {
    var buffers = new ArrayList<ByteBuffer>(sizes.length);
    for (int size : sizes) {
      byte[] chunk = new byte[size];
      if (body.readNBytes(chunk, 0, size) < size) {
        throw new IOException(peer + " broke off");
      }
      buffers.add(ByteBuffer.wrap(chunk));
    }
    return buffers;
  }

  /** What the peer does about chunks that it lacks. */
  enum Absent {
    REFUSE,
    FILL;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Absent> of(String text) {
      return Arrays.stream(values()).filter(a -> a.text().equals(text)).findFirst();
    }
  }

  /** Something small by its digest, not verified. */
  Optional<Bytes> content(String digest, int maxBytes) throws IOException, InterruptedException {
    return ask(
        "content/" + digest,
        response -> {
          if (response.status() == 404 || isBusy(response.status())) {
            return Optional.empty();
          }
          if (response.status() != 200) {
            throw refusal(response);
          }
          return Optional.of(response.bytes(maxBytes));
        });
  }

  /** Takes a stream that is not verified. */
  @FunctionalInterface
  interface Taking {
    void take(InputStream image) throws IOException;
  }

  /** The metadata image of a layer, as it is; whether it has one. */
  boolean metadata(String key, Taking into) throws IOException, InterruptedException {
    return ask(
        "layers/" + key + "/metadata",
        response -> {
          if (response.status() == 404 || isBusy(response.status())) {
            return false;
          }
          if (response.status() != 200) {
            throw refusal(response);
          }
          into.take(response.body());
          return true;
        });
  }
}
