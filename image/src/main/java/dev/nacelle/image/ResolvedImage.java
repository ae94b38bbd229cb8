package dev.nacelle.image;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An image that is here.
 *
 * @param id {@code sha256:HEX} of the image's configuration
 * @param names the references with a tag that name it, in full ({@code
 *     docker.io/library/busybox:1.36})
 * @param repoDigests the references with a digest under which it was pulled; empty for an imported
 *     one
 * @param layers bottom first
 * @param sizeBytes what its layers take on this disk; layers shared with other images count here
 *     too
 * @param lastUsed when it was last mounted, pulled or imported
 */
public record ResolvedImage(
    String id,
    List<String> names,
    List<String> repoDigests,
    ImageConfig config,
    List<ImageLayer> layers,
    long sizeBytes,
    Instant lastUsed) {
  public ResolvedImage {
    names = List.copyOf(names);
    repoDigests = List.copyOf(repoDigests);
    layers = List.copyOf(layers);
  }

  /** The digest reference of the repository of {@code reference}, where there is one. */
  public Optional<String> repoDigest(ImageReference reference) {
    return repoDigests.stream().filter(d -> d.startsWith(reference.repository() + "@")).findFirst();
  }

  /** What {@code containerStatuses[].imageID} shows: a repository digest, else the id. */
  public String statusImageId(ImageReference reference) {
    return repoDigest(reference).or(() -> repoDigests.stream().findFirst()).orElse(id);
  }
}
