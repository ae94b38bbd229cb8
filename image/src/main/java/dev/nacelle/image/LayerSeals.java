package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.stream.LazyLayerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of the layers on this disk: that a layer's files were made or compared in this
 * boot, and how they were left. A seal holds while they are still so. It lies beside the layer too,
 * for the next process of this boot, and is never fsynced, because another boot does not believe
 * it. Safe for any thread.
 */
final class LayerSeals {
  static final String FILE = "layer.seal";
  private static final Logger LOG = LoggerFactory.getLogger(LayerSeals.class);

  /**
   * How the files of a layer are, {@link FileMark#NONE} where nothing is said of one.
   *
   * @param map of the chunks that are present, in a layer that is not whole
   */
  record Marks(FileMark metadata, FileMark data, FileMark map) {}

  private record Seal(String bootId, Marks marks) {
    static final Seal NONE = new Seal("", new Marks(FileMark.NONE, FileMark.NONE, FileMark.NONE));
  }

  private final StoreLayout layout;
  private final String bootId;
  private final Map<String, Seal> known = new ConcurrentHashMap<>();

  LayerSeals(StoreLayout layout) throws IOException {
    this.layout = layout;
    this.bootId = LazyLayerFiles.currentBoot();
  }

  /** How the files are now. */
  Marks marks(String key) throws IOException {
    Path directory = layout.layer(key);
    return new Marks(
        FileMark.of(directory.resolve(LayerStore.METADATA)),
        FileMark.of(directory.resolve(LayerStore.DATA)),
        FileMark.of(new LazyLayerFiles(directory).map()));
  }

  /** Whether metadata and data are those that were made or compared. */
  boolean holds(String key) throws IOException {
    Marks sealed = sealed(key);
    Path directory = layout.layer(key);
    return sealed.metadata.isStill(FileMark.of(directory.resolve(LayerStore.METADATA)))
        && sealed.data.isStill(FileMark.of(directory.resolve(LayerStore.DATA)));
  }

  /** Whether the metadata is that which was made or compared. */
  boolean holdsForMetadata(String key) throws IOException {
    Path metadata = layout.layer(key).resolve(LayerStore.METADATA);
    return sealed(key).metadata.isStill(FileMark.of(metadata));
  }

  /** Whether a layer that is not whole was left as it is now. */
  boolean holdsForMap(String key) throws IOException {
    return holds(key) && sealed(key).map.isStill(marks(key).map);
  }

  /** A layer was just made: what was not written in this process is not sealed. */
  void made(String key) throws IOException {
    Marks marks = marks(key);
    boolean partial = Files.exists(layout.layer(key).resolve(LazyLayers.ORIGIN));
    seal(key, partial ? new Marks(marks.metadata, FileMark.NONE, FileMark.NONE) : marks);
  }

  /** The files were as they should be when they were so. */
  void seal(String key, Marks marks) {
    keep(key, new Seal(bootId, marks));
  }

  /** The metadata was compared when it was so; what is known of the data stays. */
  void sealMetadata(String key, FileMark metadata) {
    Marks old = sealed(key);
    seal(key, new Marks(metadata, old.data, old.map));
  }

  /** Data and map were as they should be; what is known of the metadata stays. */
  void sealData(String key, Marks marks) {
    seal(key, new Marks(sealed(key).metadata, marks.data, marks.map));
  }

  /** Nothing is known of the layer any more. */
  void forget(String key) throws IOException {
    known.remove(key);
    Files.deleteIfExists(layout.layer(key).resolve(FILE));
  }

  private void keep(String key, Seal seal) {
    known.put(key, seal);
    try {
      Files.writeString(layout.layer(key).resolve(FILE), json(seal).toString());
    } catch (NoSuchFileException e) {
      LOG.debug("layer {} is not here any more", key, e);
    } catch (IOException e) {
      LOG.warn("layer {} will be compared once more by the next process", key, e);
    }
  }

  private Marks sealed(String key) {
    Seal seal = known.computeIfAbsent(key, this::read);
    return seal.bootId.equals(bootId) ? seal.marks : Seal.NONE.marks;
  }

  private Seal read(String key) {
    try {
      JsonObject json =
          JsonReader.readObject(Bytes.wrap(Files.readAllBytes(layout.layer(key).resolve(FILE))));
      return new Seal(
          json.string("boot").orElseThrow(),
          new Marks(mark(json, "metadata"), mark(json, "data"), mark(json, "map")));
    } catch (IOException | JsonSyntaxException | NoSuchElementException e) {
      return Seal.NONE; // it is compared
    }
  }

  private static JsonObject json(Seal seal) {
    return JsonObject.builder()
        .put("boot", seal.bootId)
        .put("metadata", json(seal.marks.metadata))
        .put("data", json(seal.marks.data))
        .put("map", json(seal.marks.map))
        .build();
  }

  private static JsonObject json(FileMark mark) {
    return JsonObject.builder()
        .put("inode", mark.inode())
        .put("sizeBytes", mark.sizeBytes())
        .put("changedNanos", mark.changedNanos())
        .build();
  }

  private static FileMark mark(JsonObject json, String name) {
    JsonObject mark = json.object(name);
    return new FileMark(
        mark.integer("inode").orElseThrow(),
        mark.integer("sizeBytes").orElseThrow(),
        mark.integer("changedNanos").orElseThrow());
  }
}
