package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds in memory what is laid beside an image, and deletes nothing. */
final class HeldPlace implements ReferrerPlace {
  private final Map<String, Bytes> blobs = new HashMap<>();
  private Bytes manifest = Bytes.utf8("");

  @Override
  public void pushBlob(Descriptor descriptor, HttpRequest.Source content) throws IOException {
    try (InputStream in = content.open()) {
      blobs.put(descriptor.digest(), Bytes.wrap(in.readAllBytes()));
    }
  }

  @Override
  public Referrer pushReferrer(
      String subject, String mediaType, String artifactType, Bytes pushed) {
    manifest = pushed;
    return new Referrer(
        Descriptor.of(mediaType, pushed),
        artifactType,
        JsonReader.readObject(pushed).strings("annotations"));
  }

  @Override
  public List<Referrer> removeReferrers(String subject, List<Referrer> referrers) {
    return referrers;
  }

  /** The last manifest that came. */
  Bytes manifest() {
    return manifest;
  }

  InputStream open(Descriptor blob) throws IOException {
    Bytes bytes = blobs.get(blob.digest());
    if (bytes == null) {
      throw new IOException("no blob " + blob.digest());
    }
    return bytes.asInputStream();
  }
}
