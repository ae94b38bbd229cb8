package dev.nacelle.image;

import dev.nacelle.image.layer.TarIndex;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The two ways an archive of images is stored. */
final class ArchiveFiles {
  private ArchiveFiles() {}

  /** Files below a directory; names cannot leave it. */
  static ArchiveReader.Files of(Path directory) {
    return new ArchiveReader.Files() {
      @Override
      public Optional<Long> size(String name) throws IOException {
        Path file = inside(name);
        return java.nio.file.Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            ? Optional.of(java.nio.file.Files.size(file))
            : Optional.empty();
      }

      @Override
      public InputStream open(String name) throws IOException {
        return new FileInputStream(inside(name).toFile());
      }

      private Path inside(String name) throws IOException {
        Path file = directory.resolve(name).normalize();
        if (!file.startsWith(directory.normalize())) {
          throw new IOException("the archive names a file outside of it");
        }
        return file;
      }
    };
  }

  /** Members of an uncompressed tar. */
  static ArchiveReader.Files of(Path tar, TarIndex index) {
    return new ArchiveReader.Files() {
      @Override
      public Optional<Long> size(String name) {
        return index.find(name).map(TarIndex.Member::sizeBytes);
      }

      @Override
      public InputStream open(String name) throws IOException {
        TarIndex.Member member =
            index.find(name).orElseThrow(() -> new IOException("the archive lacks " + name));
        FileChannel channel = FileChannel.open(tar, StandardOpenOption.READ);
        channel.position(member.offset());
        return new Slice(Channels.newInputStream(channel), member.sizeBytes());
      }
    };
  }

  /** The first bytes of a stream. */
  private static final class Slice extends InputStream {
    private final InputStream in;
    private long left;

    Slice(InputStream in, long size) {
      this.in = in;
      this.left = size;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int got = in.read(into, offset, (int) Math.min(left, length));
      left -= Math.max(0, got);
      return got;
    }

    @Override
    public int available() {
      return (int) Math.min(Integer.MAX_VALUE, left);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
