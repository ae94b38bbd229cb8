package dev.nacelle.image;

import java.util.List;

/**
 * What a removal freed.
 *
 * @param names the names that are gone
 * @param imageIds the images that are gone
 * @param bytes of disk
 * @param missingBytes that were to be freed too, where nothing more could go
 */
public record Freed(List<String> names, List<String> imageIds, long bytes, long missingBytes) {
  public static final Freed NOTHING = new Freed(List.of(), List.of(), 0, 0);

  public Freed {
    names = List.copyOf(names);
    imageIds = List.copyOf(imageIds);
  }
}
