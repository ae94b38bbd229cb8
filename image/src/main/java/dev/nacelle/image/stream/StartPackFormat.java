package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.Descriptor;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The bytes of the head of a {@link StartPack}, little endian: the magic, the version, the size of
 * the head; the number of layers, of each the sha256 and the size of its blob of chunks and the
 * sizes of its index and of its metadata; the size of the trace; the number of steps, of each its
 * layer, first chunk and count; then the indexes and metadata in turn, the trace, and the sha256 of
 * all before.
 */
final class StartPackFormat {
  private static final byte[] MAGIC = "NACSTART".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH = VerityTree.HASH_BYTES;
  private static final int LAYER_BYTES = HASH + 8 + 4 + 4;
  private static final int STEP_BYTES = 4 + 4 + 4;

  /** So much tells the size of the head. */
  static final int PREFIX_BYTES = 8 + 4 + 4;

  private StartPackFormat() {}

  static Bytes write(StartPack pack) {
    List<Bytes> indexes = pack.layers().stream().map(l -> l.index().toBytes()).toList();
    Bytes trace = pack.trace().toBytes();
    long size = PREFIX_BYTES + 4 + 4 + 4 + trace.sizeBytes() + HASH;
    size += (long) pack.steps().size() * STEP_BYTES;
    for (int i = 0; i < indexes.size(); i++) {
      size += LAYER_BYTES + indexes.get(i).sizeBytes();
      size += pack.layers().get(i).metadata().sizeBytes();
    }
    if (size > StartPack.MAX_HEAD_BYTES) {
      throw new IllegalArgumentException("a start pack with a head of " + size + " bytes");
    }
    var out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    out.put(MAGIC).putInt(StartPack.FORMAT_VERSION).putInt((int) size);
    out.putInt(indexes.size());
    for (int i = 0; i < indexes.size(); i++) {
      StartPack.Layer layer = pack.layers().get(i);
      String digest = layer.chunks().digest();
      out.put(HexFormat.of().parseHex(digest.substring("sha256:".length())));
      out.putLong(layer.chunks().sizeBytes());
      out.putInt(indexes.get(i).sizeBytes()).putInt(layer.metadata().sizeBytes());
    }
    out.putInt(trace.sizeBytes()).putInt(pack.steps().size());
    for (PrefetchPlan.Step step : pack.steps()) {
      out.putInt(step.layer()).putInt(step.range().first()).putInt(step.range().count());
    }
    for (int i = 0; i < indexes.size(); i++) {
      out.put(indexes.get(i).unsafeArray());
      out.put(pack.layers().get(i).metadata().unsafeArray());
    }
    out.put(trace.unsafeArray());
    MessageDigest digest = Sha256.newDigest();
    digest.update(out.array(), 0, out.position());
    out.put(digest.digest());
    return Bytes.wrap(out.array());
  }

  /** How large the head is that begins so. */
  static int headBytes(byte[] prefix) throws StreamFormatException {
    require(prefix.length == PREFIX_BYTES, "it is cut off");
    var in = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN);
    require(Arrays.equals(take(in, MAGIC.length), MAGIC), "it is something else");
    int version = in.getInt();
    require(
        version == StartPack.FORMAT_VERSION,
        "its format is version " + version + ", this program reads " + StartPack.FORMAT_VERSION);
    int size = in.getInt();
    require(size >= PREFIX_BYTES + HASH && size <= StartPack.MAX_HEAD_BYTES, "its size is " + size);
    return size;
  }

  static StartPack parse(byte[] prefix, byte[] rest) throws StreamFormatException {
    MessageDigest digest = Sha256.newDigest();
    digest.update(prefix);
    digest.update(rest, 0, rest.length - HASH);
    byte[] seal = Arrays.copyOfRange(rest, rest.length - HASH, rest.length);
    require(Arrays.equals(digest.digest(), seal), "it is damaged");
    try {
      return parseSealed(
          ByteBuffer.wrap(rest, 0, rest.length - HASH).order(ByteOrder.LITTLE_ENDIAN));
    } catch (IllegalArgumentException e) {
      throw new StreamFormatException("cannot read start pack: " + e.getMessage());
    } catch (BufferUnderflowException e) {
      throw new StreamFormatException("cannot read start pack: it is cut off");
    }
  }

  private record Sizes(Descriptor chunks, int indexBytes, int metadataBytes) {}

  private static StartPack parseSealed(ByteBuffer in) throws StreamFormatException {
    int layerCount = count(in, LAYER_BYTES);
    var sizes = new ArrayList<Sizes>();
    for (int i = 0; i < layerCount; i++) {
      String digest = "sha256:" + HexFormat.of().formatHex(take(in, HASH));
      long chunkBytes = in.getLong();
      require(chunkBytes >= 0, "a blob of negative size");
      var chunks = new Descriptor(StreamReferrer.CHUNKS_TYPE, digest, chunkBytes, Optional.empty());
      sizes.add(new Sizes(chunks, in.getInt(), in.getInt()));
    }
    int traceBytes = in.getInt();
    int stepCount = count(in, STEP_BYTES);
    var steps = new ArrayList<PrefetchPlan.Step>();
    for (int i = 0; i < stepCount; i++) {
      int layer = in.getInt();
      require(layer >= 0, "chunks of no layer");
      steps.add(new PrefetchPlan.Step(layer, new ChunkRange(in.getInt(), in.getInt())));
    }
    var layers = new ArrayList<StartPack.Layer>();
    for (Sizes size : sizes) {
      var index = StreamIndex.parse(Bytes.wrap(take(in, size.indexBytes())));
      layers.add(
          new StartPack.Layer(index, size.chunks(), Bytes.wrap(take(in, size.metadataBytes()))));
    }
    var trace = AccessTrace.parse(Bytes.wrap(take(in, traceBytes)));
    require(!in.hasRemaining(), "something follows it");
    return new StartPack(layers, trace, steps);
  }

  /** A number of things for which there must be room. */
  private static int count(ByteBuffer in, int bytesEach) throws StreamFormatException {
    int count = in.getInt();
    require(count >= 0 && count <= in.remaining() / bytesEach, "it is cut off");
    return count;
  }

  private static byte[] take(ByteBuffer in, int count) throws StreamFormatException {
    require(count >= 0 && count <= in.remaining(), "it is cut off");
    byte[] bytes = new byte[count];
    in.get(bytes);
    return bytes;
  }

  private static void require(boolean holds, String otherwise) throws StreamFormatException {
    if (!holds) {
      throw new StreamFormatException("cannot read start pack: " + otherwise);
    }
  }
}
