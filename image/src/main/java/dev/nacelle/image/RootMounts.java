package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.Mounts;
import dev.nacelle.kernel.mount.Overlay;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The root filesystems of containers, and images as volumes: an overlay each, over layers they
 * share. What was mounted by an earlier process is found in the mount table and taken over; what an
 * earlier boot left is removed. Safe for any thread.
 *
 * <p>Below {@code node/containers/ID}: {@code rootfs} (the mount), {@code upper}, {@code work}, and
 * {@code image.json} (which image and layers; read only while the mount exists, so never fsynced).
 */
final class RootMounts {
  private static final Pattern CONTAINER_ID = Pattern.compile("[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,79}");
  private static final String ROOTFS = "rootfs";
  private static final String UPPER = "upper";
  private static final String WORK = "work";
  private static final String RECORD = "image.json";

  private record Mounted(RootFilesystem root, List<String> layerKeys) {}

  private final StoreLayout layout;
  private final LayerMounts layers;

  /** By container id; guarded by the lock, as are the layers. */
  private final Map<String, Mounted> mounted = new LinkedHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();

  /** Takes over what is mounted and clears away what is not. */
  RootMounts(StoreLayout layout, ProvedLayers provable) throws IOException {
    this.layout = layout;
    MountTable table = MountTable.read();
    layers = new LayerMounts(layout, table, provable);
    Set<Path> overlays = new HashSet<>();
    table
        .below(layout.containers())
        .filter(e -> e.type().equals("overlay"))
        .forEach(e -> overlays.add(e.target()));
    try (Stream<Path> containers = Files.list(layout.containers())) {
      for (Path container : containers.toList()) {
        if (overlays.contains(container.resolve(ROOTFS))) {
          adopt(container);
        } else if (isOurs(container)) {
          clear(container);
        }
      }
    }
  }

  private static boolean isOurs(Path container) {
    return Stream.of(UPPER, RECORD)
        .anyMatch(child -> Files.exists(container.resolve(child), LinkOption.NOFOLLOW_LINKS));
  }

  private void adopt(Path container) throws IOException {
    JsonObject json;
    try {
      json = JsonReader.readObject(Bytes.wrap(Files.readAllBytes(container.resolve(RECORD))));
    } catch (NoSuchFileException e) {
      return; // not ours
    }
    String id = container.getFileName().toString();
    List<String> keys = json.array("layers").strings().toList();
    mounted.put(id, new Mounted(root(id, json.string("image").orElse(""), lowers(keys)), keys));
  }

  /**
   * @param layerKeys bottom first
   */
  RootFilesystem mount(
      String imageId, List<String> layerKeys, String containerId, MountOptions options) {
    checkId(containerId);
    lock.lock();
    try {
      Mounted old = mounted.get(containerId);
      if (old != null) {
        if (!old.root.imageId().equals(imageId)) {
          throw new ImageException(
              ImageFault.IN_USE,
              "cannot mount image "
                  + imageId
                  + " for container "
                  + containerId
                  + ": it is mounted with image "
                  + old.root.imageId());
        }
        return old.root;
      }
      RootFilesystem root = mountNew(imageId, layerKeys, containerId, options);
      mounted.put(containerId, new Mounted(root, List.copyOf(layerKeys)));
      return root;
    } catch (IOException e) {
      throw Faults.of(e, "mount image " + imageId + " for container " + containerId);
    } catch (ErrnoException e) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot mount image " + imageId + " for container " + containerId + ": " + e.getMessage(),
          e);
    } finally {
      lock.unlock();
    }
  }

  private RootFilesystem mountNew(
      String imageId, List<String> layerKeys, String containerId, MountOptions options)
      throws IOException {
    for (String key : layerKeys) {
      layers.ensure(key);
    }
    RootFilesystem root = root(containerId, imageId, lowers(layerKeys));
    Path container = layout.container(containerId);
    Files.createDirectories(container);
    if (!Files.isDirectory(root.merged(), LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(root.merged());
    }
    var record =
        JsonObject.builder().put("image", imageId).put("layers", JsonArray.ofStrings(layerKeys));
    Files.writeString(container.resolve(RECORD), record.build().toString());
    try {
      overlay(root, options);
    } catch (ErrnoException e) {
      clear(container);
      throw e;
    }
    return root;
  }

  private void overlay(RootFilesystem root, MountOptions options) throws IOException {
    switch (options.writes()) {
      case VOLATILE -> writable(root, List.of("volatile"));
      case DURABLE -> writable(root, List.of());
      case NONE -> {
        // an overlay that cannot be written has two layers at least
        var lowers = new ArrayList<>(root.lowers());
        lowers.add(layout.beneath());
        Overlay.mountReadOnly(lowers, root.merged());
      }
    }
  }

  private static void writable(RootFilesystem root, List<String> options) throws IOException {
    Files.createDirectory(root.upper());
    Files.createDirectory(root.work());
    copyOwnership(root.lowers().getFirst(), root.upper());
    Overlay.mount(root.lowers(), root.upper(), root.work(), root.merged(), options);
  }

  /** Mounts one layer by itself; it stays until idle layers are unmounted. */
  Path layer(String key) {
    lock.lock();
    try {
      return layers.ensure(key);
    } catch (IOException e) {
      throw Faults.of(e, "mount layer " + key);
    } catch (ErrnoException e) {
      throw new ImageException(
          ImageFault.HOST, "cannot mount layer " + key + ": " + e.getMessage(), e);
    } finally {
      lock.unlock();
    }
  }

  /** The root of an overlay shows the attributes of its upper directory: take the image's. */
  private static void copyOwnership(Path from, Path to) throws IOException {
    Map<String, Object> attributes = Files.readAttributes(from, "unix:mode,uid,gid");
    Files.setAttribute(to, "unix:uid", attributes.get("uid"));
    Files.setAttribute(to, "unix:gid", attributes.get("gid"));
    Files.setAttribute(to, "unix:mode", attributes.get("mode"));
    Files.setLastModifiedTime(to, Files.getLastModifiedTime(from));
  }

  private RootFilesystem root(String containerId, String imageId, List<Path> lowers) {
    Path container = layout.container(containerId);
    return new RootFilesystem(
        containerId,
        imageId,
        container.resolve(ROOTFS),
        container.resolve(UPPER),
        container.resolve(WORK),
        lowers);
  }

  /** Top first; an image without layers stands on an empty directory. */
  private List<Path> lowers(List<String> layerKeys) {
    List<Path> lowers = new ArrayList<>();
    layerKeys.reversed().forEach(key -> lowers.add(layout.mount(key)));
    return lowers.isEmpty() ? List.of(layout.empty()) : lowers;
  }

  Optional<RootFilesystem> find(String containerId) {
    lock.lock();
    try {
      return Optional.ofNullable(mounted.get(containerId)).map(Mounted::root);
    } finally {
      lock.unlock();
    }
  }

  void unmount(String containerId) {
    checkId(containerId);
    Path container = layout.container(containerId);
    try {
      lock.lock();
      try {
        Mounts.detach(container.resolve(ROOTFS));
        mounted.remove(containerId);
      } finally {
        lock.unlock();
      }
      clear(container); // may take long: others mount meanwhile
    } catch (IOException e) {
      throw Faults.of(e, "remove what container " + containerId + " wrote");
    } catch (ErrnoException e) {
      throw new ImageException(ImageFault.HOST, String.valueOf(e.getMessage()), e);
    }
  }

  private void clear(Path container) throws IOException {
    Trees.delete(setAside(container));
  }

  /** Moves all that is ours out of a container's directory; returns where to. */
  private Path setAside(Path container) throws IOException {
    Path gone = Files.createTempDirectory(layout.temporary(), "gone-");
    for (String child : List.of(UPPER, WORK, RECORD)) {
      if (Files.exists(container.resolve(child), LinkOption.NOFOLLOW_LINKS)) {
        Files.move(container.resolve(child), gone.resolve(child));
      }
    }
    Files.deleteIfExists(container.resolve(ROOTFS));
    try {
      Files.deleteIfExists(container);
    } catch (DirectoryNotEmptyException e) {
      // others keep things beside ours
    }
    return gone;
  }

  Set<String> containers() {
    lock.lock();
    try {
      return Set.copyOf(mounted.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** The containers that stand on a layer. */
  Set<String> containersOn(String layerKey) {
    lock.lock();
    try {
      var ids = new HashSet<String>();
      mounted.forEach(
          (id, container) -> {
            if (container.layerKeys.contains(layerKey)) {
              ids.add(id);
            }
          });
      return ids;
    } finally {
      lock.unlock();
    }
  }

  /** What mounted containers need: ids of images. */
  Set<String> imagesInUse() {
    lock.lock();
    try {
      var ids = new HashSet<String>();
      mounted.values().forEach(m -> ids.add(m.root.imageId()));
      return ids;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Unmounts all layers but those of containers and {@code kept}; returns the keys of those that
   * containers use.
   */
  Set<String> retainLayers(Set<String> kept) throws IOException {
    lock.lock();
    try {
      var used = new HashSet<String>();
      mounted.values().forEach(m -> used.addAll(m.layerKeys));
      var all = new HashSet<>(kept);
      all.addAll(used);
      layers.retain(all);
      return used;
    } finally {
      lock.unlock();
    }
  }

  Capability layerCapability(Path probeMetadata, Path probeData, Path probeTarget) {
    lock.lock();
    try {
      return layers.capability(probeMetadata, probeData, probeTarget);
    } finally {
      lock.unlock();
    }
  }

  /** See {@link LayerMounts#forget}. */
  void forgetLayer(String key) throws IOException {
    lock.lock();
    try {
      layers.forget(key);
    } finally {
      lock.unlock();
    }
  }

  /** See {@link LayerMounts#isProvedByKernel}. */
  boolean isProvedByKernel(String layerKey) {
    lock.lock();
    try {
      return layers.isProvedByKernel(layerKey);
    } finally {
      lock.unlock();
    }
  }

  Capability atRest() {
    lock.lock();
    try {
      return layers.atRest();
    } finally {
      lock.unlock();
    }
  }

  private static void checkId(String containerId) {
    if (!CONTAINER_ID.matcher(containerId).matches()) {
      throw new IllegalArgumentException("not a container id: " + containerId);
    }
  }
}
