package dev.nacelle.image.stream;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;

/** The metadata image of a layer and its compressed form: one zstd frame. */
public final class MetadataBlob {
  private static final int LEVEL = 3;

  private MetadataBlob() {}

  /** Compresses {@code image} to {@code file}, which must not exist. */
  static Packed pack(Bytes salt, Path image, Path file) throws IOException {
    MessageDigest stored = Sha256.newDigest();
    MessageDigest plain = Sha256.newDigest();
    var tree = new VerityTree(salt, Files.size(image));
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    try (InputStream in = Files.newInputStream(image);
        OutputStream to = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
        OutputStream out =
            new ZstdOutputStream(
                new DigestOutputStream(new BufferedOutputStream(to, 1 << 16), stored), LEVEL)) {
      byte[] chunk = new byte[VerityTree.CHUNK_BYTES];
      for (int n = 0; n < tree.chunks(); n++) {
        int size = tree.chunkBytes(n);
        if (in.readNBytes(chunk, 0, size) != size) {
          throw new IOException("cannot read " + image + ": it became shorter");
        }
        plain.update(chunk, 0, size);
        tree.hashInto(hashes, n, chunk);
        out.write(chunk, 0, size);
      }
    }
    long storedBytes = Files.size(file);
    var metadata =
        new StreamIndex.Metadata(
            tree.sizeBytes(), storedBytes, Bytes.wrap(plain.digest()), tree.root(hashes));
    return new Packed(metadata, new StoredBlob(file, Sha256.text(stored), storedBytes));
  }

  record Packed(StreamIndex.Metadata metadata, StoredBlob blob) {}

  /**
   * Unpacks a metadata image and proves it. The file is not fsynced.
   *
   * @param stored the compressed form, to its end; not closed
   * @param image where the image goes; must not exist; removed when it is not the promised one
   * @throws StreamFormatException if the image is not the one of the index
   */
  public static void unpack(StreamIndex index, InputStream stored, Path image) throws IOException {
    boolean whole = false;
    try {
      var in = new ZstdInputStream(stored);
      write(index.metadata(), new VerityTree(index.salt(), size(index)), in, image);
      whole = true;
    } catch (com.github.luben.zstd.ZstdIOException e) {
      throw wrong("it does not unpack: " + e.getMessage());
    } finally {
      if (!whole) {
        Files.deleteIfExists(image);
      }
    }
  }

  /**
   * As {@link #unpack}, from the image itself.
   *
   * @throws StreamFormatException if the image is not the one of the index
   */
  public static void copy(StreamIndex index, InputStream plain, Path image) throws IOException {
    boolean whole = false;
    try {
      write(index.metadata(), new VerityTree(index.salt(), size(index)), plain, image);
      whole = true;
    } finally {
      if (!whole) {
        Files.deleteIfExists(image);
      }
    }
  }

  private static long size(StreamIndex index) {
    return index.metadata().sizeBytes();
  }

  private static void write(
      StreamIndex.Metadata expected, VerityTree tree, InputStream in, Path image)
      throws IOException {
    MessageDigest digest = Sha256.newDigest();
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    byte[] chunk = new byte[VerityTree.CHUNK_BYTES];
    try (OutputStream out = Files.newOutputStream(image, StandardOpenOption.CREATE_NEW)) {
      for (int n = 0; n < tree.chunks(); n++) {
        int size = tree.chunkBytes(n);
        if (in.readNBytes(chunk, 0, size) != size) {
          throw wrong("it is shorter than promised");
        }
        digest.update(chunk, 0, size);
        tree.hashInto(hashes, n, chunk);
        out.write(chunk, 0, size);
      }
      if (in.read() >= 0) {
        throw wrong("it is longer than promised");
      }
    }
    if (!Bytes.wrap(digest.digest()).equals(expected.sha256())) {
      throw wrong("its digest is another");
    }
    if (!tree.root(hashes).equals(expected.root())) {
      throw wrong("its root hash is another");
    }
  }

  private static StreamFormatException wrong(String why) {
    return new StreamFormatException("cannot unpack the metadata of a layer: " + why);
  }
}
