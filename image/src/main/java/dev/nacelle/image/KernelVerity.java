package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.VerityDevice;
import dev.nacelle.image.stream.VerityTree;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.mount.DeviceMapper;
import dev.nacelle.kernel.mount.Erofs;
import dev.nacelle.kernel.mount.LoopDevice;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.VerityTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's dm-verity, for layers: whether it is there, found out by proving a small device, and
 * mounts that stand on it. A mount takes three loop devices and two mapped ones, all of which go
 * with it; what a killed process left between making and mounting them the next one removes. Safe
 * for any thread.
 */
final class KernelVerity {
  private static final Logger LOG = LoggerFactory.getLogger(KernelVerity.class);
  private static final int STORE_NAME_CHARS = 12;
  private static final int LAYER_NAME_CHARS = 32;
  private static final String DATA = "-data";
  private static final String METADATA = "-metadata";

  private final StoreLayout layout;

  /** Of the names of this store's devices: those of another one are not ours to remove. */
  private final String prefix;

  private Optional<Answer> answer = Optional.empty();

  private sealed interface Answer {
    record Proves() implements Answer {}

    record Cannot(String why) implements Answer {}
  }

  KernelVerity(StoreLayout layout) {
    this.layout = layout;
    String store = StoreLayout.hex(Sha256.of(Bytes.utf8(layout.node().toString())));
    this.prefix = "nacelle-" + store.substring(0, STORE_NAME_CHARS) + "-";
  }

  String prefix() {
    return prefix;
  }

  /** Why this kernel proves nothing; empty where it does. Asks the kernel once. */
  synchronized Optional<String> lacking() {
    if (answer.isEmpty()) {
      answer = Optional.of(ask());
    }
    return switch (answer.get()) {
      case Answer.Proves proves -> Optional.empty();
      case Answer.Cannot(String why) -> Optional.of(why);
    };
  }

  boolean proves() {
    return lacking().isEmpty();
  }

  private Answer ask() {
    try (DeviceMapper mapper = DeviceMapper.open(layout.temporary())) {
      Path directory = Files.createTempDirectory(layout.temporary(), "verity-");
      try {
        return proves(mapper, directory)
            ? new Answer.Proves()
            : new Answer.Cannot("dm-verity gives other bytes than it was given");
      } finally {
        Trees.delete(directory);
      }
    } catch (ErrnoException | IOException | UncheckedIOException e) {
      return new Answer.Cannot("no dm-verity: " + e.getMessage());
    }
  }

  /** Reads two blocks through a device of their own. */
  private boolean proves(DeviceMapper mapper, Path directory) throws IOException {
    byte[] bytes = new byte[2 * VerityTree.BLOCK_BYTES];
    Arrays.fill(bytes, (byte) 7);
    Path data = Files.write(directory.resolve("data"), bytes);
    Path hashes = directory.resolve("hashes");
    var tree = new VerityTree(Bytes.EMPTY, bytes.length);
    Bytes root;
    try (FileChannel in = FileChannel.open(data);
        FileChannel out =
            FileChannel.open(hashes, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      root = VerityDevice.write(tree, in, out, VerityDevice.Start.TREE);
    }
    try (LoopDevice.Attached dataLoop = LoopDevice.attachDirect(data);
        LoopDevice.Attached hashLoop = LoopDevice.attachDirect(hashes);
        DeviceMapper.Mapped device =
            mapper.map(
                prefix + "probe",
                new VerityTable(
                    dataLoop.device(), hashLoop.device(), bytes.length, 0, root, Bytes.EMPTY))) {
      return Arrays.equals(Files.readAllBytes(device.node()), bytes);
    }
  }

  /**
   * Mounts a layer so that each block of it is proved as it is read. One thread at a time.
   *
   * @return the name of the devices that it stands on
   * @throws ErrnoException if the kernel refuses, and if what it must read for that is not what the
   *     roots say; nothing is left then
   */
  String mount(String key, HashFile hashes, LayerRoots roots, Path target) throws IOException {
    Path layer = layout.layer(key);
    try (DeviceMapper mapper = DeviceMapper.open(layout.temporary())) {
      String name = freeName(key, mapper.names());
      try (LoopDevice.Attached data = LoopDevice.attachDirect(layer.resolve(LayerStore.DATA));
          LoopDevice.Attached metadata =
              LoopDevice.attachDirect(layer.resolve(LayerStore.METADATA));
          LoopDevice.Attached tree = LoopDevice.attachDirect(layer.resolve(HashFile.NAME));
          DeviceMapper.Mapped provedData =
              mapper.map(name + DATA, hashes.dataTable(data.device(), tree.device(), roots));
          DeviceMapper.Mapped provedMetadata =
              mapper.map(
                  name + METADATA, hashes.metadataTable(metadata.device(), tree.device(), roots))) {
        Erofs.mount(provedMetadata.node(), provedData.node(), target);
        return name;
      }
    }
  }

  /** The devices of an earlier mount of the layer stay while a container stands on it. */
  private String freeName(String key, List<String> taken) {
    String layer = prefix + key.substring(0, Math.min(LAYER_NAME_CHARS, key.length()));
    for (int n = 1; ; n++) {
      String name = layer + "." + n;
      if (taken.stream().noneMatch(t -> t.equals(name + DATA) || t.equals(name + METADATA))) {
        return name;
      }
    }
  }

  /** Whether the kernel, asked for a block of these devices, has found one that was another. */
  boolean hasFoundDamage(String name) {
    try (DeviceMapper mapper = DeviceMapper.open(layout.temporary())) {
      return mapper.isCorrupted(name + DATA) || mapper.isCorrupted(name + METADATA);
    } catch (ErrnoException | IOException e) {
      LOG.warn("cannot ask whether {} is damaged", name, e);
      return false;
    }
  }

  /** The name of the devices that a layer stands on, if it is proved. */
  static Optional<String> devices(MountTable.Entry layer) {
    Path name = Path.of("/sys/dev/block", layer.device(), "dm/name");
    try {
      return Files.exists(name)
          ? Optional.of(Files.readString(name).strip())
              .filter(n -> n.endsWith(METADATA))
              .map(n -> n.substring(0, n.length() - METADATA.length()))
          : Optional.empty();
    } catch (IOException e) {
      LOG.warn("cannot tell whether {} is proved by the kernel", layer.target(), e);
      return Optional.empty(); // it is compared
    }
  }

  /** Removes the devices that a killed process left; those that are mounted go with the mount. */
  void sweep() {
    try (DeviceMapper mapper = DeviceMapper.open(layout.temporary())) {
      mapper.removeUnused(prefix);
    } catch (ErrnoException | IOException e) {
      LOG.debug("there are no mapped devices to remove", e);
    }
  }
}
