package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import java.io.IOException;
import java.util.List;

/**
 * A repository that takes what is said of its images. Failures are a {@link
 * dev.nacelle.image.ImageException} or an {@link IOException}. Safe for any thread.
 */
public interface ReferrerPlace {

  /** Stores a blob, unless it is there. */
  void pushBlob(Descriptor descriptor, HttpRequest.Source content)
      throws IOException, InterruptedException;

  /**
   * Stores a manifest that has a subject, and whose blobs are there, so that it is found among the
   * subject's referrers.
   *
   * @param subject digest of the manifest that this one refers to
   */
  Referrer pushReferrer(String subject, String mediaType, String artifactType, Bytes manifest)
      throws IOException, InterruptedException;

  /**
   * Takes manifests away from among the subject's referrers, as far as the registry lets.
   *
   * @param subject digest of the manifest that they refer to
   * @return those that are listed still, because the registry deletes nothing, or not for us
   */
  List<Referrer> removeReferrers(String subject, List<Referrer> referrers)
      throws IOException, InterruptedException;
}
