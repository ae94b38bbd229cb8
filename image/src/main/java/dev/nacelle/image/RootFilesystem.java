package dev.nacelle.image;

import java.nio.file.Path;
import java.util.List;

/**
 * A mounted root filesystem, or a mounted volume.
 *
 * @param merged the directory a container takes as its root
 * @param upper where the container's writes go; nothing is there under a volume
 * @param work the overlay's own directory beside it; as {@code upper}
 * @param lowers the layers below, top first
 */
public record RootFilesystem(
    String containerId, String imageId, Path merged, Path upper, Path work, List<Path> lowers) {
  public RootFilesystem {
    lowers = List.copyOf(lowers);
  }
}
