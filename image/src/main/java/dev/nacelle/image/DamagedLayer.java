package dev.nacelle.image;

import java.util.List;

/**
 * A layer that is not what came.
 *
 * @param differences each names a place in it
 * @param seen how its files were when that was found
 */
record DamagedLayer(StoredLayer layer, List<String> differences, LayerSeals.Marks seen) {
  DamagedLayer {
    differences = List.copyOf(differences);
  }

  String key() {
    return layer.key();
  }

  @Override
  public String toString() {
    return "layer " + layer.built().diffId() + ": " + String.join(", ", differences);
  }
}
