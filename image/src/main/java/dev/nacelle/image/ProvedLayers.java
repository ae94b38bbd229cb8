package dev.nacelle.image;

import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.files.Trees;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.kernel.ErrnoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layers that can be mounted through dm-verity: whole, with root hashes that belong to their
 * name, and with a {@link HashFile} that has been compared with these roots by this process. Safe
 * for any thread.
 */
final class ProvedLayers {
  private static final Logger LOG = LoggerFactory.getLogger(ProvedLayers.class);

  /** What a layer is proved by. */
  private record Proof(HashFile hashes, LayerRoots roots) {}

  private final StoreLayout layout;
  private final LayerStore layers;
  private final KernelVerity kernel;

  /** By key: those that are ready. */
  private final Map<String, Proof> ready = new ConcurrentHashMap<>();

  /** Those that the kernel would not mount: damaged, or there were no devices left. */
  private final Set<String> refused = ConcurrentHashMap.newKeySet();

  /** By key; who makes a layer ready holds its lock. */
  private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();

  ProvedLayers(StoreLayout layout, LayerStore layers, KernelVerity kernel) {
    this.layout = layout;
    this.layers = layers;
    this.kernel = kernel;
    kernel.sweep();
  }

  /** Why no layer can be; empty where the kernel has what it takes. */
  Optional<String> lacking() {
    return kernel.lacking();
  }

  /** Whether {@link #prepare} has something to do for a layer. */
  boolean isWanted(String key) {
    return !isReady(key)
        && !refused.contains(key)
        && kernel.proves()
        && !Files.exists(layout.layer(key).resolve(LazyLayers.ORIGIN));
  }

  /**
   * Makes a layer ready if it can be: its hash file is written where there is none, or one that is
   * not sound. Takes as long as reading the layer then. What is wrong with the layer is not told
   * here: who mounts it otherwise compares it.
   */
  void prepare(String key) {
    if (!isWanted(key)) {
      return;
    }
    ReentrantLock lock = locks.computeIfAbsent(key, k -> new ReentrantLock());
    lock.lock();
    try {
      if (!isReady(key)) {
        proof(key).ifPresent(proof -> ready.put(key, proof));
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("layer {} is compared before it is mounted, not proved by the kernel", key, e);
    } finally {
      lock.unlock();
    }
  }

  private Optional<Proof> proof(String key) throws IOException {
    Path directory = layout.layer(key);
    Optional<StoredLayer> layer = describe(key, directory);
    if (layer.flatMap(StoredLayer::roots).isEmpty()) {
      return Optional.empty();
    }
    LayerRoots roots = layer.get().roots().get();
    HashFile hashes = HashFile.of(layer.get().built());
    Path file = directory.resolve(HashFile.NAME);
    boolean sound = Files.exists(file) && hashes.isSound(file, roots);
    if (!sound && !write(directory, hashes).equals(roots)) {
      LOG.error("layer {} is not what its name says: it has changed on the disk", key);
      DurableFiles.delete(file);
      return Optional.empty();
    }
    return Optional.of(new Proof(hashes, roots));
  }

  /** The layer with the roots that its name, or the description under its name, stands for. */
  private Optional<StoredLayer> describe(String key, Path directory) throws IOException {
    if (!Files.exists(directory.resolve(LazyLayers.INDEX))) {
      return layers.findKey(key).filter(l -> l.key().equals(key));
    }
    StreamIndex index = LazyLayers.readIndex(directory);
    return Optional.of(StoredLayer.of(index))
        .filter(l -> l.key().equals(key))
        .map(l -> l.with(LayerRoots.of(index)));
  }

  private LayerRoots write(Path directory, HashFile hashes) throws IOException {
    Path draft = Files.createTempDirectory(layout.temporary(), "hashes-");
    try {
      LayerRoots roots = hashes.write(directory, draft.resolve(HashFile.NAME));
      DurableFiles.publish(draft.resolve(HashFile.NAME), directory.resolve(HashFile.NAME));
      return roots;
    } finally {
      Trees.delete(draft);
    }
  }

  /** Whether a layer would be mounted so that the kernel proves it. */
  boolean isReady(String key) {
    return ready.containsKey(key) && Files.exists(layout.layer(key).resolve(HashFile.NAME));
  }

  /**
   * Mounts a layer that is ready.
   *
   * @return the name of the devices that it stands on
   * @throws ErrnoException if the kernel refuses; the layer is not ready from then on, and has to
   *     be compared before it is mounted without proof
   */
  String mount(String key, Path target) throws IOException {
    Proof proof = Optional.ofNullable(ready.get(key)).orElseThrow();
    try {
      return kernel.mount(key, proof.hashes, proof.roots, target);
    } catch (ErrnoException e) {
      refuse(key);
      throw e;
    }
  }

  /** From now on this layer is mounted without proof, after it was compared. */
  void refuse(String key) throws IOException {
    refused.add(key); // first: who finds it not ready must find this
    doubt(key);
  }

  private void doubt(String key) throws IOException {
    ready.remove(key);
    layers.seals().forget(key); // a disk that changes by itself leaves the times of files alone
  }

  /** Whether a layer was thought to be proved when it was last asked, and is not. */
  boolean mustBeCompared(String key) throws IOException {
    return refused.contains(key) && !layers.seals().holds(key);
  }

  /**
   * Whether the kernel has met something in a mounted layer that is not what it should be. It is to
   * be compared then, and its hash file looked at, before anybody else stands on it.
   *
   * @param devices that the mount stands on
   */
  boolean isFoundDamaged(String key, String devices) {
    if (!kernel.hasFoundDamage(devices)) {
      return false;
    }
    try {
      doubt(key);
    } catch (IOException e) {
      LOG.warn("layer {} is damaged, and may be believed once more", key, e);
    }
    return true;
  }

  /** Forgets what it knows of layers that are removed: all but these. */
  void retain(Set<String> kept) {
    ready.keySet().retainAll(kept);
    refused.retainAll(kept);
    locks.keySet().retainAll(kept);
  }
}
