package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which images are here and what they are called: one file, replaced as a whole. An entry is
 * written only after all that it names is durable. Its owner, {@link LocalImageStore}, guards it by
 * one lock.
 */
final class ImageIndex {
  private static final int VERSION = 1;

  private final StoreLayout layout;
  private final Map<String, StoredImage> byId = new LinkedHashMap<>();

  /** Digests of blobs that may not be on the disk yet. */
  private final Set<String> unsynced = new HashSet<>();

  private ImageIndex(StoreLayout layout) {
    this.layout = layout;
  }

  static ImageIndex open(StoreLayout layout) throws IOException {
    var index = new ImageIndex(layout);
    try {
      index.read(JsonReader.readObject(Bytes.wrap(Files.readAllBytes(layout.index()))));
    } catch (NoSuchFileException e) {
      return index; // a new store
    } catch (JsonSyntaxException | NoSuchElementException e) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot read " + layout.index() + ": it is damaged; remove it to begin anew",
          e);
    }
    return index;
  }

  private void read(JsonObject json) {
    long version = json.integer("version").orElse(0);
    if (version != VERSION) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot read " + layout.index() + ": it has version " + version + ", not " + VERSION);
    }
    json.array("images")
        .objects()
        .map(StoredImage::of)
        .filter(this::isWhole)
        .forEach(image -> byId.put(image.id(), image));
  }

  /** An image whose layers are of another format version is pulled or imported anew. */
  private boolean isWhole(StoredImage image) {
    return image.layers().stream().allMatch(l -> Files.isDirectory(layout.layer(l.key())));
  }

  List<StoredImage> images() {
    return List.copyOf(byId.values());
  }

  Optional<StoredImage> find(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  Optional<StoredImage> resolve(ImageReference reference) {
    if (reference.digest().isPresent()) {
      String digest = reference.repository() + "@" + reference.digest().get();
      return byId.values().stream().filter(i -> i.repoDigests().contains(digest)).findFirst();
    }
    String name = reference.toString();
    return byId.values().stream().filter(i -> i.names().contains(name)).findFirst();
  }

  /** Adds an image, or more names to one that is here; its names leave other images. */
  StoredImage put(StoredImage image) throws IOException {
    StoredImage merged = add(image);
    write();
    return merged;
  }

  /**
   * As {@link #put}, known to this process alone until the next {@link #write}, which makes the
   * image's blobs durable first.
   */
  StoredImage putUnwritten(StoredImage image) {
    unsynced.add(image.id());
    unsynced.addAll(image.manifests());
    return add(image);
  }

  /** Whether something was put that is not written yet. */
  boolean isUnwritten() {
    return !unsynced.isEmpty();
  }

  private StoredImage add(StoredImage image) {
    for (StoredImage other : images()) {
      if (!other.id().equals(image.id())) {
        var left = new ArrayList<>(other.names());
        if (left.removeAll(image.names())) {
          byId.put(other.id(), other.withNames(left));
        }
      }
    }
    StoredImage old = byId.get(image.id());
    StoredImage merged = old == null ? image : old.and(image);
    byId.put(image.id(), merged);
    return merged;
  }

  void replace(StoredImage image) throws IOException {
    byId.put(image.id(), image);
    write();
  }

  void remove(List<String> ids) throws IOException {
    if (byId.keySet().removeAll(ids)) {
      write();
    }
  }

  /** Remembers a use in memory; it reaches the disk with the next change. */
  void used(String id, Instant now) {
    byId.computeIfPresent(id, (i, image) -> image.usedAt(now));
  }

  /** Removes the blobs of images that are not in the index. */
  void removeOtherBlobs() throws IOException {
    var known = new HashSet<String>();
    byId.values().forEach(image -> known.addAll(image.parts()));
    removeBlobsBut(known);
  }

  /**
   * Removes blobs.
   *
   * @param kept the digits of the digests of those that stay
   * @return what that freed
   */
  long removeBlobsBut(Set<String> kept) throws IOException {
    long freed = 0;
    try (Stream<Path> blobs = Files.list(layout.blobs())) {
      for (Path blob : blobs.toList()) {
        if (!kept.contains(String.valueOf(blob.getFileName()))) {
          freed += DiskSpace.allocatedBytes(blob);
          Files.deleteIfExists(blob);
        }
      }
    }
    return freed;
  }

  void write() throws IOException {
    syncBlobs();
    List<Json> images = byId.values().stream().map(i -> (Json) i.toJson()).toList();
    JsonObject json =
        JsonObject.builder().put("version", VERSION).put("images", new JsonArray(images)).build();
    DurableFiles.writeAtomically(
        layout.index(), Bytes.utf8(json.toString()), DurableFiles.Mode.OWNER, layout.temporary());
  }

  private void syncBlobs() throws IOException {
    if (unsynced.isEmpty()) {
      return;
    }
    for (String digest : unsynced) {
      if (Files.exists(layout.blob(digest))) {
        DurableFiles.syncFile(layout.blob(digest));
      }
    }
    DurableFiles.syncDirectory(layout.blobs());
    unsynced.clear();
  }
}
