package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.BuiltLayer;
import dev.nacelle.image.stream.VerityDevice;
import dev.nacelle.image.stream.VerityTree;
import dev.nacelle.kernel.mount.VerityTable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;

/**
 * {@code layer.verity} beside the files of a layer: the hash devices of its data and, behind it, of
 * its metadata, each with a superblock. A 128th of the layer. What counts is the root hash that the
 * kernel is told: a file that is not of that root gives readers errors, never other bytes.
 */
final class HashFile {
  static final String NAME = "layer.verity";
  private static final VerityDevice.Start START = VerityDevice.Start.SUPERBLOCK;

  private final Bytes salt;
  private final VerityTree data;
  private final VerityTree metadata;

  private HashFile(Bytes salt, VerityTree data, VerityTree metadata) {
    this.salt = salt;
    this.data = data;
    this.metadata = metadata;
  }

  static HashFile of(BuiltLayer layer) {
    Bytes salt = Bytes.wrap(HexFormat.of().parseHex(StoreLayout.hex(layer.diffId())));
    return new HashFile(
        salt, new VerityTree(salt, layer.dataBytes()), new VerityTree(salt, layer.metadataBytes()));
  }

  private long metadataOffset() {
    return VerityDevice.sizeBytes(data, START);
  }

  /**
   * Reads the files of a layer and writes theirs, which must not exist, down to the disk.
   *
   * @param directory of the layer
   * @return what the files are proved by
   */
  LayerRoots write(Path directory, Path file) throws IOException {
    try (FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileChannel dataIn = FileChannel.open(directory.resolve(LayerStore.DATA));
        FileChannel metadataIn = FileChannel.open(directory.resolve(LayerStore.METADATA))) {
      Bytes dataRoot = VerityDevice.write(data, dataIn, out, 0, START);
      Bytes metadataRoot = VerityDevice.write(metadata, metadataIn, out, metadataOffset(), START);
      out.force(true);
      return new LayerRoots(dataRoot, metadataRoot);
    }
  }

  /** Whether the file is the one of these roots; the files of the layer are not looked at. */
  boolean isSound(Path file, LayerRoots roots) throws IOException {
    try (FileChannel in = FileChannel.open(file)) {
      return VerityDevice.isSound(data, roots.data(), in, 0, START)
          && VerityDevice.isSound(metadata, roots.metadata(), in, metadataOffset(), START);
    }
  }

  /** For the kernel, by block devices that hold the files. */
  VerityTable dataTable(Path dataDevice, Path hashDevice, LayerRoots roots) {
    return new VerityTable(
        dataDevice, hashDevice, data.sizeBytes(), START.treeOffsetBytes(), roots.data(), salt);
  }

  /** As {@link #dataTable}, for the metadata. */
  VerityTable metadataTable(Path metadataDevice, Path hashDevice, LayerRoots roots) {
    return new VerityTable(
        metadataDevice,
        hashDevice,
        metadata.sizeBytes(),
        metadataOffset() + START.treeOffsetBytes(),
        roots.metadata(),
        salt);
  }
}
