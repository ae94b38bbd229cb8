package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The bytes of an {@link AccessTrace}: the magic, the version as one byte, the number of layers, of
 * each the 32 bytes of its diff id and of its root; the number of accesses, of each its layer, how
 * far its chunk lies from the one before in that layer (zigzag), and the microseconds since the
 * access before; then the sha256 of all before. Numbers are unsigned LEB128. Some four bytes an
 * access. There is one form of a trace: any other is refused.
 */
final class AccessTraceFormat {
  private static final byte[] MAGIC = "NACTRACE".getBytes(StandardCharsets.US_ASCII);
  private static final int HASH = VerityTree.HASH_BYTES;
  private static final int MOST_ACCESS_BYTES = 2 + 3 + 5;

  /** No trace is longer. */
  static final int MAX_BYTES =
      MAGIC.length
          + 1
          + 2
          + AccessTrace.MOST_LAYERS * 2 * HASH
          + 3
          + AccessTrace.MOST_ACCESSES * MOST_ACCESS_BYTES
          + HASH;

  private AccessTraceFormat() {}

  static Bytes write(AccessTrace trace) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(MAGIC);
    out.write(AccessTrace.FORMAT_VERSION);
    number(out, trace.layers().size());
    for (AccessTrace.Layer layer : trace.layers()) {
      out.writeBytes(HexFormat.of().parseHex(layer.diffId().substring("sha256:".length())));
      out.writeBytes(layer.root().unsafeArray());
    }
    number(out, trace.accesses().size());
    int[] lastChunk = new int[trace.layers().size()];
    long lastMicros = 0;
    for (AccessTrace.Access access : trace.accesses()) {
      int step = access.chunk() - lastChunk[access.layer()];
      number(out, access.layer());
      number(out, step << 1 ^ step >> 31);
      number(out, access.micros() - lastMicros);
      lastChunk[access.layer()] = access.chunk();
      lastMicros = access.micros();
    }
    byte[] bytes = out.toByteArray();
    out.writeBytes(digest(bytes, bytes.length));
    return Bytes.wrap(out.toByteArray());
  }

  private static void number(ByteArrayOutputStream out, long value) {
    long left = value;
    while (left > 0x7f) {
      out.write((int) (left & 0x7f | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
  }

  private static byte[] digest(byte[] bytes, int length) {
    MessageDigest digest = Sha256.newDigest();
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  static AccessTrace parse(Bytes bytes) throws StreamFormatException {
    int size = bytes.sizeBytes();
    require(size > MAGIC.length + HASH && size <= MAX_BYTES, "its size is " + size);
    byte[] all = bytes.unsafeArray();
    require(Arrays.equals(all, 0, MAGIC.length, MAGIC, 0, MAGIC.length), "it is something else");
    int version = all[MAGIC.length];
    require(
        version == AccessTrace.FORMAT_VERSION,
        "its format is version " + version + ", this program reads " + AccessTrace.FORMAT_VERSION);
    byte[] seal = Arrays.copyOfRange(all, size - HASH, size);
    require(Arrays.equals(digest(all, size - HASH), seal), "it is damaged");
    try {
      AccessTrace trace = parseSealed(ByteBuffer.wrap(all, MAGIC.length + 1, size - HASH - 9));
      require(write(trace).equals(bytes), "it is not in its one form");
      return trace;
    } catch (IllegalArgumentException e) {
      throw new StreamFormatException("cannot read access trace: " + e.getMessage());
    } catch (BufferUnderflowException e) {
      throw new StreamFormatException("cannot read access trace: it is cut off");
    }
  }

  private static AccessTrace parseSealed(ByteBuffer in) throws StreamFormatException {
    long layerCount = number(in);
    require(layerCount <= AccessTrace.MOST_LAYERS, "it has " + layerCount + " layers");
    List<AccessTrace.Layer> layers = new ArrayList<>();
    for (int i = 0; i < layerCount; i++) {
      String diffId = "sha256:" + HexFormat.of().formatHex(hash(in));
      layers.add(new AccessTrace.Layer(diffId, Bytes.wrap(hash(in))));
    }
    long count = number(in);
    require(count <= AccessTrace.MOST_ACCESSES, "it has " + count + " accesses");
    List<AccessTrace.Access> accesses = new ArrayList<>();
    int[] lastChunk = new int[layers.size()];
    long micros = 0;
    for (int i = 0; i < count; i++) {
      long layer = number(in);
      require(layer < layers.size(), "an access of no layer");
      long step = number(in);
      int chunk = lastChunk[(int) layer] + (int) (step >>> 1 ^ -(step & 1));
      micros += number(in);
      accesses.add(new AccessTrace.Access((int) layer, chunk, micros));
      lastChunk[(int) layer] = chunk;
    }
    require(!in.hasRemaining(), "something follows it");
    return new AccessTrace(layers, accesses);
  }

  /** Of five bytes at most: 35 bits. */
  private static long number(ByteBuffer in) throws StreamFormatException {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new StreamFormatException("cannot read access trace: a number is too long");
  }

  private static byte[] hash(ByteBuffer in) {
    byte[] hash = new byte[HASH];
    in.get(hash);
    return hash;
  }

  private static void require(boolean holds, String otherwise) throws StreamFormatException {
    if (!holds) {
      throw new StreamFormatException("cannot read access trace: " + otherwise);
    }
  }
}
