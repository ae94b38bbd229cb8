package dev.nacelle.image.stream;

import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;

/**
 * How a registry keeps the start pack of an image beside it: an artifact whose subject is the
 * image's own manifest, and whose one blob is the pack. It says again what the streaming form and
 * the trace beside it say, in an order that needs one round trip; without them it is not used.
 */
public final class StartReferrer {
  public static final String ARTIFACT_TYPE = "application/vnd.nacelle.start.v1";
  static final BlobReferrer KIND = new BlobReferrer(ARTIFACT_TYPE, ARTIFACT_TYPE);

  private static final String HEAD_BYTES = "dev.nacelle.start.head-bytes";

  private StartReferrer() {}

  /**
   * Lays a pack beside an image, whose streaming form is there.
   *
   * @param subject the image's own manifest, not an index above it
   * @param created the newest is used
   */
  public static Referrer publish(
      ReferrerPlace place, Descriptor subject, StartPackWriter.Packed pack, Instant created)
      throws IOException, InterruptedException {
    return publish(place, subject, pack, created, "");
  }

  /**
   * As the other.
   *
   * @param host that made it; may be empty
   */
  static Referrer publish(
      ReferrerPlace place,
      Descriptor subject,
      StartPackWriter.Packed pack,
      Instant created,
      String host)
      throws IOException, InterruptedException {
    StoredBlob blob = pack.blob();
    var annotations = new HashMap<>(BlobReferrer.madeBy(host));
    annotations.put(HEAD_BYTES, String.valueOf(pack.headBytes()));
    return KIND.publish(
        place,
        subject,
        KIND.blob(blob.digest(), blob.sizeBytes()),
        () -> Files.newInputStream(blob.file()),
        created,
        annotations);
  }

  /** The start packs among an image's referrers, the newest first, each with its blob. */
  public static List<Listed> among(List<Referrer> referrers) {
    return KIND.among(referrers).stream()
        .flatMap(r -> KIND.blobOf(r).map(blob -> new Listed(r, blob)).stream())
        .toList();
  }

  /** A pack as the registry lists it. */
  public record Listed(Referrer referrer, Descriptor blob) {}

  /** How many bytes of the blob are no chunks; all of them if the list does not say. */
  static long headBytes(Referrer referrer, Descriptor blob) {
    String said = referrer.annotations().getOrDefault(HEAD_BYTES, "");
    return said.matches("[0-9]{1,9}")
        ? Math.min(Long.parseLong(said), blob.sizeBytes())
        : blob.sizeBytes();
  }
}
