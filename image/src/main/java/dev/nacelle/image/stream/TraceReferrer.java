package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a registry keeps the access trace of an image beside it: an artifact whose subject is the
 * image's own manifest, and whose one blob is the trace. There may be several; the newest that can
 * be read counts.
 */
public final class TraceReferrer {
  public static final String ARTIFACT_TYPE = "application/vnd.nacelle.trace.v1";
  static final BlobReferrer KIND = new BlobReferrer(ARTIFACT_TYPE, ARTIFACT_TYPE);

  /** So many are tried, the newest first. */
  private static final int MOST_TRIED = 4;

  private static final String RUNS = "dev.nacelle.trace.runs";

  private TraceReferrer() {}

  /**
   * Lays a trace beside an image.
   *
   * @param subject the image's own manifest, not an index above it
   */
  public static Referrer publish(
      ReferrerPlace place, Descriptor subject, AccessTrace trace, Instant created)
      throws IOException, InterruptedException {
    return publish(place, subject, trace, created, new Making("", 1));
  }

  /**
   * Of what a trace was made.
   *
   * @param host that has seen the last of the runs; may be empty
   * @param runs that have added to it
   */
  record Making(String host, int runs) {
    private Map<String, String> annotations() {
      var result = new HashMap<>(BlobReferrer.madeBy(host));
      result.put(RUNS, String.valueOf(runs));
      return result;
    }
  }

  /** How many runs have added to a trace; one where the list does not say. */
  static int runs(Referrer referrer) {
    String runs = referrer.annotations().getOrDefault(RUNS, "");
    return runs.matches("[0-9]{1,6}") ? Integer.parseInt(runs) : 1;
  }

  /** As the other. */
  static Referrer publish(
      ReferrerPlace place, Descriptor subject, AccessTrace trace, Instant created, Making making)
      throws IOException, InterruptedException {
    Bytes bytes = trace.toBytes();
    Descriptor blob = Descriptor.of(ARTIFACT_TYPE, bytes);
    return KIND.publish(place, subject, blob, bytes::asInputStream, created, making.annotations());
  }

  /** A trace and how the registry lists it. */
  public record Listed(AccessTrace trace, Referrer referrer) {}

  /**
   * Looks for the trace of an image.
   *
   * @param digest of the image's own manifest
   * @throws ImageException if the registry cannot be asked
   */
  public static Optional<AccessTrace> find(Repository repository, String digest)
      throws InterruptedException {
    return newest(repository, digest, repository.referrers(digest, ARTIFACT_TYPE));
  }

  /** As the other, where the list is known. */
  static Optional<AccessTrace> newest(
      Repository repository, String digest, List<Referrer> referrers) throws InterruptedException {
    return newestListed(repository, digest, referrers).map(Listed::trace);
  }

  /** The newest trace that can be read among an image's referrers. */
  public static Optional<Listed> newestListed(
      Repository repository, String digest, List<Referrer> referrers) throws InterruptedException {
    List<Referrer> newestFirst = KIND.among(referrers);
    for (Referrer referrer : newestFirst.subList(0, Math.min(MOST_TRIED, newestFirst.size()))) {
      try {
        Optional<Descriptor> blob = KIND.blobOf(repository, referrer, digest);
        if (blob.isPresent()) {
          return Optional.of(new Listed(fetch(repository, blob.get()), referrer));
        }
      } catch (IOException | ImageException e) {
        // of a later version, damaged or gone: perhaps there is an older one
      }
    }
    return Optional.empty();
  }

  private static AccessTrace fetch(Repository repository, Descriptor blob)
      throws IOException, InterruptedException {
    if (blob.sizeBytes() > AccessTraceFormat.MAX_BYTES) {
      throw new StreamFormatException("cannot read access trace: its size is " + blob.sizeBytes());
    }
    try (InputStream in = repository.blob(blob)) {
      return AccessTrace.parse(Bytes.wrap(in.readNBytes(AccessTraceFormat.MAX_BYTES + 1)));
    }
  }
}
