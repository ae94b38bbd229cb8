package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.layer.Decompression;
import dev.nacelle.image.layer.DirectoryTar;
import dev.nacelle.image.layer.TarIndex;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Brings images in from files: archives with a configuration, or bare trees and tars. */
final class ImageImport {
  private static final String USUAL_PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final StoreLayout layout;
  private final LayerStore layers;
  private final Platform host;

  ImageImport(StoreLayout layout, LayerStore layers, Platform host) {
    this.layout = layout;
    this.layers = layers;
    this.host = host;
  }

  /** Does something with the content of an image while its files can be read. */
  @FunctionalInterface
  interface Consumer {
    ResolvedImage accept(ImageContent content) throws InterruptedException;
  }

  ResolvedImage read(Path source, Consumer consumer) throws IOException, InterruptedException {
    if (Files.isDirectory(source)) {
      Optional<ImageContent> content = new ArchiveReader(ArchiveFiles.of(source), host).read();
      return consumer.accept(
          content.isPresent() ? content.get() : bare(() -> DirectoryTar.open(source)));
    }
    TarIndex index;
    try (InputStream in = new FileInputStream(source.toFile())) {
      index = TarIndex.read(in);
    }
    boolean maybeArchive =
        index.find("manifest.json").isPresent() || index.find("oci-layout").isPresent();
    if (!maybeArchive) {
      return consumer.accept(bare(() -> new FileInputStream(source.toFile())));
    }
    if (Decompression.isPlain(source)) {
      return consumer.accept(archiveOrBare(source, index));
    }
    Path plain = Files.createTempFile(layout.temporary(), "archive-", ".tar");
    try (InputStream in = Decompression.open(new FileInputStream(source.toFile()));
        OutputStream out = Files.newOutputStream(plain)) {
      in.transferTo(out);
      return consumer.accept(archiveOrBare(plain, index));
    } finally {
      Files.deleteIfExists(plain);
    }
  }

  private ImageContent archiveOrBare(Path tar, TarIndex index)
      throws IOException, InterruptedException {
    Optional<ImageContent> content = new ArchiveReader(ArchiveFiles.of(tar, index), host).read();
    return content.isPresent() ? content.get() : bare(() -> new FileInputStream(tar.toFile()));
  }

  private ImageContent bare(LayerStore.Input input) throws InterruptedException {
    StoredLayer layer = layers.build(input);
    var rootfs =
        JsonObject.builder()
            .put("type", "layers")
            .put("diff_ids", JsonArray.ofStrings(List.of(layer.built().diffId())));
    var config = JsonObject.builder().put("Env", JsonArray.ofStrings(List.of(USUAL_PATH)));
    var json =
        JsonObject.builder()
            .put("architecture", host.architecture())
            .put("os", host.os())
            .put("config", config.build())
            .put("rootfs", rootfs.build());
    host.variant().ifPresent(v -> json.put("variant", v));
    return new ImageContent(
        Bytes.utf8(json.build().toString()),
        List.of(),
        List.of(new ImageContent.Layer(layer.built().sizeBytes(), input)));
  }
}
