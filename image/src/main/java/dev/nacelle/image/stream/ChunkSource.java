package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/**
 * Somebody who has a layer's chunks: a file, a registry, another host. Not trusted: what it gives
 * is proved by the caller before use. Safe for any thread; calls run at once. An interrupted call
 * ends soon.
 */
public interface ChunkSource {

  /** In which form a source gives chunks. */
  enum Form {
    /** As the blob of chunks has them; chunks of zeros have no bytes. */
    STORED,
    /** As they are, zeros too. */
    PLAIN
  }

  /** Names the source in errors and counters, for example {@code registry.example/app}. */
  String name();

  default Form form() {
    return Form.STORED;
  }

  /**
   * Fetches neighbouring chunks in one request.
   *
   * @return one buffer a chunk, the caller's own
   * @throws ChunkAbsentException if this source does not have them now, which is no fault of it
   * @throws IOException if this source cannot give them now
   */
  List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException;

  /** How long it may take before the next source is asked beside it. */
  default Duration hedgeAfter(Duration usual) {
    return usual;
  }

  /** Told when what it gave was not what it was asked for. */
  default void gaveWrong(String what) {}
}
