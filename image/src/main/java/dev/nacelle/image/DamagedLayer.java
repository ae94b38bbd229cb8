package dev.nacelle.image;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A layer that is not what came.
 *
 * @param differences each names a place in it
 * @param seen how its files were when that was found
 */
record DamagedLayer(StoredLayer layer, List<String> differences, LayerSeals.Marks seen) {
  /** An event takes 1024 characters, and is to name all layers of an image. */
  private static final int MOST_NAMED = 3;

  DamagedLayer {
    differences = List.copyOf(differences);
  }

  String key() {
    return layer.key();
  }

  @Override
  public String toString() {
    int more = differences.size() - MOST_NAMED;
    return "layer "
        + layer.built().diffId()
        + ": "
        + differences.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
        + (more > 0 ? " and " + more + " more places" : "");
  }
}
