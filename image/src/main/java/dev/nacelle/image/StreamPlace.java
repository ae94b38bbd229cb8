package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * A repository with images in it, beside which their streaming forms go. Safe for any thread;
 * blocks. Failures are an {@link ImageException} or an {@link IOException}.
 */
interface StreamPlace {
  /** A manifest by its digest. */
  Bytes manifest(String digest) throws IOException, InterruptedException;

  /** A configuration, whole. */
  Bytes config(Descriptor descriptor) throws IOException, InterruptedException;

  /** A blob, which reports its end only when it is the promised one. */
  InputStream blob(Descriptor descriptor) throws IOException, InterruptedException;

  /** The streaming forms beside an image, also those of a part of its layers. */
  List<StreamReferrer> forms(String subjectDigest) throws IOException, InterruptedException;

  /** Where what is said of its images goes. */
  ReferrerPlace referrers();

  /** Stores a blob, unless it is there. */
  default void put(Descriptor descriptor, HttpRequest.Source content)
      throws IOException, InterruptedException {
    referrers().pushBlob(descriptor, content);
  }

  /** Stores the manifest that ties forms, whose blobs are there, to their image. */
  void publish(Descriptor subject, StreamReferrer form) throws IOException, InterruptedException;
}
