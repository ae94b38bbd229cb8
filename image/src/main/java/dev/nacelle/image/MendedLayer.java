package dev.nacelle.image;

import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.image.stream.MetadataBlob;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A layer that is being filled and of which a file that came whole was damaged: that file alone is
 * taken away and brought again, because readers wait for the others.
 */
record MendedLayer(StoreLayout layout, LayerSeals seals, String key) {

  private Path file(String name) {
    return layout.layer(key).resolve(name);
  }

  /** The metadata is brought by the next pull; who has it mounted keeps it. */
  void displaceMetadata() throws IOException {
    DurableFiles.delete(file(LayerStore.METADATA));
    seals.forget(key);
  }

  /** Brings what is missing, or cannot be read. */
  void complete(StreamedLayer streamed) throws IOException, InterruptedException {
    if (!hasIndex()) {
      DurableFiles.writeAtomically(
          file(LazyLayers.INDEX),
          streamed.index().toBytes(),
          DurableFiles.Mode.OWNER,
          layout.temporary());
    }
    if (!Files.exists(file(LayerStore.METADATA))) {
      Path made = Files.createTempFile(layout.temporary(), "metadata-", "");
      Files.delete(made);
      try (InputStream in = streamed.metadata().open()) {
        MetadataBlob.unpack(streamed.index(), in, made);
        in.transferTo(OutputStream.nullOutputStream());
      }
      DurableFiles.syncFile(made);
      DurableFiles.publish(made, file(LayerStore.METADATA));
      seals.sealMetadata(key, FileMark.of(file(LayerStore.METADATA)));
    }
  }

  private boolean hasIndex() throws IOException {
    try {
      StreamIndex index = LazyLayers.readIndex(layout.layer(key));
      return StoredLayer.of(index).key().equals(key);
    } catch (StreamFormatException e) {
      return false;
    }
  }
}
