package dev.nacelle.image;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.mount.Erofs;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The layers that are mounted, each once however many containers stand on it, so that they share
 * its page cache. A layer stays mounted when its last container goes, until it is removed or idle
 * layers are unmounted. For one thread at a time: {@link RootMounts} guards it.
 */
final class LayerMounts {
  private enum Way {
    UNKNOWN,
    FILE,
    LOOP
  }

  /** Each proved layer takes five devices of the machine; further ones are compared. */
  private static final int MOST_PROVED = 256;

  private final StoreLayout layout;
  private final ProvedLayers provable;
  private final Set<Path> mounted = new HashSet<>();

  /** Of these: those that the kernel proves, with the name of their devices. */
  private final Map<Path, String> proved = new HashMap<>();

  private Way way = Way.UNKNOWN;

  LayerMounts(StoreLayout layout, MountTable table, ProvedLayers provable) {
    this.layout = layout;
    this.provable = provable;
    table.below(layout.mounts()).filter(e -> e.type().equals("erofs")).forEach(this::adopt);
  }

  private void adopt(MountTable.Entry mount) {
    mounted.add(mount.target());
    KernelVerity.devices(mount).ifPresent(name -> proved.put(mount.target(), name));
  }

  /** Mounts the layer if it is not; returns where. */
  Path ensure(String key) throws IOException {
    Path target = layout.mount(key);
    if (mounted.contains(target)) {
      return target;
    }
    try {
      Files.createDirectory(target);
    } catch (FileAlreadyExistsException e) {
      // left by an earlier mount
    }
    if (provable.isReady(key)) {
      mountProved(key, target);
    } else if (provable.mustBeCompared(key)) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot mount layer "
              + key
              + ": dm-verity does not take it; the next attempt compares it, and mounts it without");
    } else {
      Path layer = layout.layer(key);
      mount(layer.resolve(LayerStore.METADATA), layer.resolve(LayerStore.DATA), target);
    }
    mounted.add(target);
    return target;
  }

  private void mountProved(String key, Path target) throws IOException {
    if (proved.size() >= MOST_PROVED) { // not so when its caller asked
      provable.refuse(key);
      throw new ImageException(
          ImageFault.HOST,
          "cannot mount layer "
              + key
              + " through dm-verity: "
              + MOST_PROVED
              + " are; the next attempt compares it, and mounts it without");
    }
    proved.put(target, provable.mount(key, target));
  }

  /**
   * Whether the kernel proves what is read of this layer, in memory and on the disk, so that nobody
   * else need compare its files before it is mounted. Known before it is mounted.
   */
  boolean isProvedByKernel(String key) {
    Path target = layout.mount(key);
    if (mounted.contains(target)) {
      String devices = proved.get(target);
      return devices != null && !provable.isFoundDamaged(key, devices);
    }
    return provable.isReady(key) && proved.size() < MOST_PROVED;
  }

  private void mount(Path metadata, Path data, Path target) {
    if (way != Way.LOOP) {
      try {
        Erofs.mount(metadata, data, target);
        way = Way.FILE;
        return;
      } catch (ErrnoException e) {
        // 6.12 and later take a file; others say so by this error and get a loop device
        if (e.errno() != Erofs.NOT_A_BLOCK_DEVICE) {
          throw e;
        }
      }
    }
    Erofs.mountByLoop(metadata, data, target);
    way = Way.LOOP;
  }

  /**
   * The layer's files are others now, or what the kernel has cached of them is not to be believed:
   * who stands on the mount keeps it, the next one gets a new one.
   */
  void forget(String key) throws IOException {
    Path target = layout.mount(key);
    if (mounted.contains(target)) {
      unmount(target);
    }
  }

  private void unmount(Path target) throws IOException {
    // an overlay holds the file system itself, not this mount; only a passing look inside
    // can keep the mount busy
    Mounts.detach(target);
    mounted.remove(target);
    proved.remove(target);
    Files.deleteIfExists(target);
  }

  /** Unmounts all layers whose key is not in {@code kept}. */
  void retain(Set<String> kept) throws IOException {
    Set<Path> keptTargets = new HashSet<>();
    kept.forEach(key -> keptTargets.add(layout.mount(key)));
    for (Path target : List.copyOf(mounted)) {
      if (!keptTargets.contains(target)) {
        unmount(target);
      }
    }
  }

  /** How layers are mounted on this kernel, found out with a layer of the caller if need be. */
  Capability capability(Path probeMetadata, Path probeData, Path probeTarget) {
    if (way == Way.UNKNOWN) {
      try {
        mount(probeMetadata, probeData, probeTarget);
        Mounts.detach(probeTarget);
      } catch (ErrnoException e) {
        String lost =
            e.errno() == Errno.ENODEV
                ? "images cannot be mounted: this kernel has no EROFS; use one with"
                    + " CONFIG_EROFS_FS (Linux 6.12 or later is best)"
                : "images cannot be mounted: " + e.getMessage();
        return new Capability("image layers", "none", Optional.of(lost));
      }
    }
    return switch (way) {
      case FILE -> new Capability("image layers", "EROFS from files", Optional.empty());
      case LOOP ->
          new Capability(
              "image layers",
              "EROFS by loop devices",
              Optional.of("two loop devices and some 5 ms for each layer, and no lazy loading"));
      case UNKNOWN -> throw new IllegalStateException("a mount succeeds or throws");
    };
  }

  /** Who notices that a layer has changed on the disk. */
  Capability atRest() {
    return provable
        .lacking()
        .map(
            why ->
                new Capability(
                    "image cache",
                    "compared before it is mounted, in each boot and after each change of its files",
                    Optional.of(
                        "what changes on the disk while a layer is mounted, and is not in memory,"
                            + " is seen only by the next mount and by `image verify` ("
                            + why
                            + ")")))
        .orElseGet(
            () ->
                new Capability(
                    "image cache",
                    "dm-verity: the kernel proves each block of a whole layer as it reads it",
                    Optional.empty()));
  }
}
