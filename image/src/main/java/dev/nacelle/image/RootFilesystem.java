package dev.nacelle.image;

import java.nio.file.Path;
import java.util.List;

/**
 * A mounted root filesystem.
 *
 * @param merged the directory a container takes as its root
 * @param upper where the container's writes go
 * @param work the overlay's own directory beside it
 * @param lowers the layers below, top first
 */
public record RootFilesystem(
    String containerId, String imageId, Path merged, Path upper, Path work, List<Path> lowers) {
  public RootFilesystem {
    lowers = List.copyOf(lowers);
  }
}
