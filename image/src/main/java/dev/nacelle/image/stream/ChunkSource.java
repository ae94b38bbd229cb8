package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Somebody who has a layer's chunks in their stored form: a file, a registry, another host. Not
 * trusted: what it gives is proved by the caller before use. Safe for any thread; calls run at
 * once. An interrupted call ends soon.
 */
public interface ChunkSource {

  /** Names the source in errors and counters, for example {@code registry.example/app}. */
  String name();

  /**
   * Fetches the stored bytes of neighbouring chunks, which lie one behind the other: one request.
   *
   * @return one buffer a chunk, empty for chunks without bytes; the caller's own
   * @throws IOException if this source cannot give them now
   */
  List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException;
}
