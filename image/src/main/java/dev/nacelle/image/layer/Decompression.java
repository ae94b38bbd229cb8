package dev.nacelle.image.layer;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Opens a stream by what it begins with: gzip, zstd or neither. */
public final class Decompression {
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int MAX_ZSTD_WINDOW_LOG = 27;

  private Decompression() {}

  /**
   * The plain bytes of {@code compressed}. Reading them closes nothing; closing them closes it.
   *
   * @throws LayerException for xz, bzip2 and lz4, which are told apart but not read
   */
  public static InputStream open(InputStream compressed) throws IOException {
    var in = new BufferedInputStream(compressed, BUFFER_BYTES);
    in.mark(8);
    byte[] magic = in.readNBytes(6);
    in.reset();
    if (begins(magic, 0x1f, 0x8b)) {
      return new GZIPInputStream(in, BUFFER_BYTES);
    }
    if (begins(magic, 0x28, 0xb5, 0x2f, 0xfd) || isSkippableFrame(magic)) {
      var zstd = new ZstdInputStream(in);
      zstd.setLongMax(MAX_ZSTD_WINDOW_LOG);
      zstd.setContinuous(false);
      return new BufferedInputStream(zstd, BUFFER_BYTES);
    }
    if (begins(magic, 0xfd, '7', 'z', 'X', 'Z')) {
      throw unsupported("xz");
    }
    if (begins(magic, 'B', 'Z', 'h')) {
      throw unsupported("bzip2");
    }
    if (begins(magic, 0x04, 0x22, 0x4d, 0x18)) {
      throw unsupported("lz4");
    }
    return in;
  }

  /** Whether {@link #open} would only pass on the bytes of this file. */
  public static boolean isPlain(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] magic = in.readNBytes(6);
      return !begins(magic, 0x1f, 0x8b)
          && !begins(magic, 0x28, 0xb5, 0x2f, 0xfd)
          && !isSkippableFrame(magic);
    }
  }

  /** Zstandard streams made for partial reading may begin with a frame of other data. */
  private static boolean isSkippableFrame(byte[] magic) {
    return magic.length >= 4
        && (magic[0] & 0xf0) == 0x50
        && magic[1] == 0x2a
        && magic[2] == 0x4d
        && magic[3] == 0x18;
  }

  private static LayerException unsupported(String name) {
    return new LayerException(
        "cannot read layer: it is compressed with " + name + "; only gzip and zstd are read");
  }

  private static boolean begins(byte[] bytes, int... magic) {
    if (bytes.length < magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((bytes[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
