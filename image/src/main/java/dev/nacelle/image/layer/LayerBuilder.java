package dev.nacelle.image.layer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.zip.ZipException;

/**
 * Builds a layer: reads a tar (plain, gzip or zstd) once, streams the contents of its files into
 * the data blob and writes the metadata image. The same tar gives the same two files. Memory is
 * that of the tree; disk is written front to back.
 *
 * <p>This is format {@value #FORMAT_VERSION}; docs/adr/0005-image-format.md describes it.
 */
public final class LayerBuilder {
  /** Changes whenever the same tar would give other bytes. */
  public static final int FORMAT_VERSION = 1;

  private LayerBuilder() {}

  /**
   * For files that do not outlive the work on them: nothing is fsynced.
   *
   * @param metadata where the metadata image goes; must not exist
   * @param data where the data blob goes; must not exist
   * @throws LayerException if the tar is malformed, hostile or beyond the limits
   * @throws IOException if the stream or the disk fails
   */
  public static BuiltLayer build(InputStream layer, Path metadata, Path data, LayerLimits limits)
      throws IOException {
    return build(layer, metadata, data, limits, written -> {});
  }

  /**
   * As the other, for who reads the data while it is written.
   *
   * @param written told, on the calling thread, how many bytes of the data, from the beginning on,
   *     are in the file for good; a hole at its end is there only after the answer
   */
  public static BuiltLayer build(
      InputStream layer, Path metadata, Path data, LayerLimits limits, LongConsumer written)
      throws IOException {
    return build(layer, metadata, data, Optional.empty(), limits, SpaceClaim.NONE, written);
  }

  /**
   * As the other, for files that stay: writes down what tells later where they have changed, and
   * fsyncs all of them before the answer.
   *
   * @param sums where the {@link LayerSums} go
   * @param space is asked before the data is written
   */
  public static BuiltLayer build(
      InputStream layer, Path metadata, Path data, Path sums, LayerLimits limits, SpaceClaim space)
      throws IOException {
    return build(layer, metadata, data, Optional.of(sums), limits, space, written -> {});
  }

  private static BuiltLayer build(
      InputStream layer,
      Path metadata,
      Path data,
      Optional<Path> sums,
      LayerLimits limits,
      SpaceClaim space,
      LongConsumer written)
      throws IOException {
    MessageDigest diffDigest = Sha256.newDigest();
    var tree = new LayerTree(limits);
    try (FileChannel dataChannel = create(data);
        FileChannel metadataChannel = create(metadata)) {
      var blob = new DataBlob(dataChannel, limits.maxDataBytes(), space, written);
      try {
        var tar = new TarReader(new DigestInputStream(Decompression.open(layer), diffDigest));
        for (Optional<TarEntry> next = tar.next(); next.isPresent(); next = tar.next()) {
          TarEntry entry = next.get();
          LayerNode node = tree.add(entry);
          if (entry.type() == TarEntry.Type.FILE && node.type() == LayerNode.FILE) {
            node.data = blob.append(entry, tar);
          }
        }
      } catch (ZipException e) {
        throw new LayerException("cannot read layer: damaged gzip data: " + e.getMessage(), e);
      }
      long dataBytes = blob.finish();
      String dataDigest = blob.digest();
      byte[] diff = diffDigest.digest();
      long metadataBytes =
          ErofsWriter.write(
              tree.root(),
              dataDigest.substring("sha256:".length()),
              diff,
              dataBytes / DataBlob.BLOCK,
              metadataChannel);
      space.take(metadataBytes);
      if (sums.isPresent()) {
        dataChannel.force(true);
        metadataChannel.force(true);
        new LayerSums(Sha256.of(metadata), blob.sums()).write(sums.get());
      }
      return new BuiltLayer(
          "sha256:" + HexFormat.of().formatHex(diff), dataDigest, metadataBytes, dataBytes);
    }
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }
}
