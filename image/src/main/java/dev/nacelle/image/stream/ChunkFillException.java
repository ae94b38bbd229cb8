package dev.nacelle.image.stream;

import java.io.IOException;

/** A chunk of a layer cannot be had from anybody. */
public final class ChunkFillException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String diffId;
  private final int chunk;

  ChunkFillException(String diffId, int chunk, String why) {
    super("cannot fill layer " + diffId + ", chunk " + chunk + ": " + why);
    this.diffId = diffId;
    this.chunk = chunk;
  }

  /** It has come, and could not be kept. */
  ChunkFillException(String diffId, int chunk, IOException why) {
    super("cannot fill layer " + diffId + ", chunk " + chunk + ": " + why.getMessage(), why);
    this.diffId = diffId;
    this.chunk = chunk;
  }

  /** The same failure for another waiter. */
  ChunkFillException(ChunkFillException first) {
    super(first.getMessage(), first);
    this.diffId = first.diffId;
    this.chunk = first.chunk;
  }

  /** {@code sha256:HEX} of the layer. */
  public String diffId() {
    return diffId;
  }

  public int chunk() {
    return chunk;
  }
}
