package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which chunks of an image's layers a run needed, in which order and when, until it was ready. A
 * value; safe for any thread.
 *
 * @param layers those that were read, each once
 * @param accesses in the order of time, each chunk once
 */
public record AccessTrace(List<Layer> layers, List<Access> accesses) {
  /** Changes whenever a reader of the old version would not understand. */
  public static final int FORMAT_VERSION = 1;

  public static final int MOST_LAYERS = 500;
  public static final int MOST_ACCESSES = 65_536;

  /** No run is traced for longer: an hour. */
  public static final long MOST_MICROS = 3_600_000_000L;

  private static final Pattern DIFF_ID = Pattern.compile("sha256:[0-9a-f]{64}");
  private static final int MOST_CHUNKS =
      (int) (StreamIndex.MAX_DATA_BYTES / VerityTree.CHUNK_BYTES);

  /**
   * A layer; the root tells whether chunks of the same number are the same chunks.
   *
   * @param diffId {@code sha256:HEX}
   * @param root the dm-verity root hash of the data
   */
  public record Layer(String diffId, Bytes root) {
    public Layer {
      if (!DIFF_ID.matcher(diffId).matches()) {
        throw new IllegalArgumentException("a layer without a diff id");
      }
      StreamIndex.requireHash(root);
    }

    public static Layer of(StreamIndex index) {
      return new Layer(index.diffId(), index.root());
    }
  }

  /**
   * A chunk that was needed.
   *
   * @param layer its place in {@link #layers}
   * @param micros since the first one
   */
  public record Access(int layer, int chunk, long micros) {
    public Access {
      if (layer < 0 || chunk < 0 || chunk >= MOST_CHUNKS || micros < 0 || micros > MOST_MICROS) {
        throw new IllegalArgumentException("an access out of bounds");
      }
    }
  }

  public AccessTrace {
    layers = List.copyOf(layers);
    accesses = List.copyOf(accesses);
    if (layers.size() > MOST_LAYERS || accesses.size() > MOST_ACCESSES) {
      throw new IllegalArgumentException(
          "a trace of %d layers and %d accesses".formatted(layers.size(), accesses.size()));
    }
    if (Set.copyOf(layers).size() != layers.size()) {
      throw new IllegalArgumentException("a layer appears twice");
    }
    long last = 0;
    var seen = new HashSet<Long>();
    for (Access access : accesses) {
      if (access.layer() >= layers.size() || access.micros() < last) {
        throw new IllegalArgumentException("an access of no layer, or before the one before it");
      }
      if (!seen.add((long) access.layer() << 32 | access.chunk())) {
        throw new IllegalArgumentException("chunk " + access.chunk() + " appears twice");
      }
      last = access.micros();
    }
  }

  /**
   * Reads a trace.
   *
   * @throws StreamFormatException if anything in it is not as it must be
   */
  public static AccessTrace parse(Bytes bytes) throws StreamFormatException {
    return AccessTraceFormat.parse(bytes);
  }

  /** The bytes of the trace; the same trace gives the same bytes. */
  public Bytes toBytes() {
    return AccessTraceFormat.write(this);
  }

  public boolean isEmpty() {
    return accesses.isEmpty();
  }

  /**
   * Unites traces of runs that each began with nothing, see {@link TraceUnion}.
   *
   * @param traces at least one
   */
  public static AccessTrace merge(List<AccessTrace> traces) {
    return TraceUnion.merge(traces);
  }

  /**
   * This trace, and behind it what a run still missed for which the chunks of this one were fetched
   * beforehand: such a run sees nothing else.
   */
  public AccessTrace extendedBy(AccessTrace missed) {
    return TraceUnion.extend(this, missed);
  }
}
