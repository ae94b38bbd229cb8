package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.Platform;
import dev.nacelle.image.layer.Sha256;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A pointer to content; the OCI descriptor.
 *
 * @param digest {@code sha256:HEX}
 */
public record Descriptor(
    String mediaType, String digest, long sizeBytes, Optional<Platform> platform) {
  private static final Pattern SHA256 = Pattern.compile("sha256:[0-9a-f]{64}");

  public Descriptor {
    if (!SHA256.matcher(digest).matches()) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot use image: content with the digest "
              + (digest.length() > 100 ? digest.substring(0, 100) + "..." : digest)
              + "; only sha256 is supported");
    }
    if (sizeBytes < 0) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE, "cannot use image: content of negative size");
    }
  }

  /** The content itself, of no platform. */
  public static Descriptor of(String mediaType, Bytes content) {
    return new Descriptor(mediaType, Sha256.of(content), content.sizeBytes(), Optional.empty());
  }

  /** A manifest, of the type that it says it is. */
  public static Descriptor ofManifest(Bytes manifest) {
    JsonObject json = JsonReader.readObject(manifest);
    return of(json.string("mediaType").orElse(MediaTypes.OCI_MANIFEST), manifest);
  }

  /** As a manifest has it; the platform is left out. */
  public JsonObject toJson() {
    return JsonObject.builder()
        .put("mediaType", mediaType)
        .put("digest", digest)
        .put("size", sizeBytes)
        .build();
  }

  /**
   * Reads the descriptor of a manifest.
   *
   * @throws ImageException if it has no sha256 digest or no size
   */
  public static Descriptor of(JsonObject json) {
    JsonObject platform = json.object("platform");
    return new Descriptor(
        json.string("mediaType").orElse(""),
        json.string("digest").orElse(""),
        json.integer("size").orElse(-1),
        platform.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Platform(
                    platform.string("os").orElse(""),
                    platform.string("architecture").orElse(""),
                    platform.string("variant").filter(v -> !v.isEmpty()))));
  }
}
