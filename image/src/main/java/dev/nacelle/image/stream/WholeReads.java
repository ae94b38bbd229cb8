package dev.nacelle.image.stream;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Notices that an image is going to be read whole: of its layers that are being filled, those that
 * are read whole have a quarter of the chunks. Safe for any thread.
 */
public final class WholeReads implements ReadListener {
  private static final int PART = 4;

  private final List<LazyLayer> layers;
  private final Consumer<List<LazyLayer>> whenSeen;

  /** Guarded by this, as all below. */
  private final Set<StreamIndex> readWhole = new HashSet<>();

  private boolean seen;

  /**
   * @param whenSeen told once, with the layers of which it was not known; while a layer is locked
   */
  public WholeReads(List<LazyLayer> layers, Consumer<List<LazyLayer>> whenSeen) {
    this.layers = List.copyOf(layers);
    this.whenSeen = whenSeen;
  }

  @Override
  public void needed(StreamIndex index, int chunk) {}

  @Override
  public synchronized void readsAll(StreamIndex index) {
    readWhole.add(index);
    long all = layers.stream().mapToLong(layer -> layer.index().chunks()).sum();
    long told = readWhole.stream().mapToLong(StreamIndex::chunks).sum();
    if (!seen && told * PART >= all) {
      seen = true;
      whenSeen.accept(layers.stream().filter(layer -> !readWhole.contains(layer.index())).toList());
    }
  }
}
