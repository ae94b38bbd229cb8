package dev.nacelle.kernel.mount;

import dev.nacelle.base.bytes.Bytes;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * What dm-verity is to prove: a device of data by a tree of hashes on another one, whose root is
 * known. sha256, blocks of 4096 bytes, hash format 1. What differs is an I/O error for its reader.
 *
 * @param data the block device with the data
 * @param hashes the block device with the tree
 * @param sizeBytes of the data; whole blocks
 * @param treeOffsetBytes where on {@code hashes} the tree begins; whole blocks
 * @param root the root hash, 32 bytes
 * @param salt before each block
 * @see <a href="https://docs.kernel.org/admin-guide/device-mapper/verity.html">dm-verity</a>
 */
public record VerityTable(
    Path data, Path hashes, long sizeBytes, long treeOffsetBytes, Bytes root, Bytes salt) {
  static final String TARGET = "verity";
  private static final int BLOCK_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;

  public VerityTable {
    if (sizeBytes < BLOCK_BYTES || (sizeBytes | treeOffsetBytes) % BLOCK_BYTES != 0) {
      throw new IllegalArgumentException("a device of " + sizeBytes + " bytes is not whole blocks");
    }
  }

  long sectors() {
    return sizeBytes / SECTOR_BYTES;
  }

  String parameters() {
    return String.join(
        " ",
        "1",
        data.toString(),
        hashes.toString(),
        Integer.toString(BLOCK_BYTES),
        Integer.toString(BLOCK_BYTES),
        Long.toString(sizeBytes / BLOCK_BYTES),
        Long.toString(treeOffsetBytes / BLOCK_BYTES),
        "sha256",
        hex(root),
        salt.isEmpty() ? "-" : hex(salt));
  }

  private static String hex(Bytes bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
