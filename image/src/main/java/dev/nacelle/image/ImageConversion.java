package dev.nacelle.image;

import dev.nacelle.image.registry.Repository;
import java.util.List;

/**
 * Converts images of registries: from a reference to the streaming form beside the image. Layers
 * that this host has are made of its files, others come from the registry. Safe for any thread.
 */
public final class ImageConversion {
  /** Which images of an index. */
  public enum Platforms {
    /** That for this host. */
    HOST,
    ALL
  }

  /**
   * What became of one image.
   *
   * @param manifest digest of the image's own manifest
   * @param layers different ones it has
   * @param made how many of them had no form before; 0: the whole form was there already
   * @param storedBytes of the forms of all its layers
   */
  public record Converted(String manifest, int layers, int made, long storedBytes) {}

  private final LocalParts parts;
  private final PlaceConversion conversion;

  public ImageConversion(LocalImageStore store) {
    parts = store.parts();
    conversion = new PlaceConversion(parts.layout().temporary(), parts);
  }

  /**
   * Converts what a reference names and stores the form in its repository.
   *
   * @param secrets must allow to pull and to push
   * @return what became of each image, one for {@link Platforms#HOST}
   */
  public List<Converted> convert(
      ImageReference reference, PullSecrets secrets, Platforms platforms, LayerProgress progress)
      throws InterruptedException {
    try {
      return CredentialTrial.first(
          secrets,
          reference,
          credential -> {
            Repository repository = parts.registries().repository(reference, credential);
            var place =
                new RemotePlace(repository, parts.registries().writer(reference, credential));
            return conversion.convert(place, repository.manifest(), platforms, progress);
          });
    } catch (ImageException e) {
      throw worded(e, reference);
    }
  }

  /** Nobody pulled: what the registry would not give is told as what it is. */
  private static ImageException worded(ImageException e, ImageReference reference) {
    String message = String.valueOf(e.getMessage());
    String why = Repository.withoutPull(message, reference);
    return why.equals(message)
        ? e
        : new ImageException(e.fault(), "cannot convert " + reference + ": " + why, e);
  }
}
