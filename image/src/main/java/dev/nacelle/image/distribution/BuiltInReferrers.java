package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Optional;

/** What is said of the images of a repository of this registry, in its own process. */
public record BuiltInReferrers(RegistryContent content, RepositoryName repository)
    implements ReferrerPlace {

  @Override
  public void pushBlob(Descriptor descriptor, HttpRequest.Source source) throws IOException {
    ContentDigest digest = digest(descriptor);
    Optional<FileChannel> present = content.blob(repository, digest);
    if (present.isPresent()) {
      present.get().close();
      return;
    }
    try (InputStream in = source.open()) {
      content.putBlob(repository, digest, in);
    }
  }

  @Override
  public Referrer pushReferrer(
      String subject, String mediaType, String artifactType, Bytes manifest) throws IOException {
    content.putManifest(repository, mediaType, manifest, List.of());
    return new Referrer(
        Descriptor.of(mediaType, manifest),
        artifactType,
        JsonReader.readObject(manifest).strings("annotations"));
  }

  @Override
  public List<Referrer> removeReferrers(String subject, List<Referrer> referrers)
      throws IOException {
    for (Referrer referrer : referrers) {
      content.deleteManifest(repository, digest(referrer.descriptor()));
    }
    return List.of();
  }

  private static ContentDigest digest(Descriptor descriptor) {
    return ContentDigest.parse(descriptor.digest())
        .orElseThrow(
            () ->
                new ImageException(
                    ImageFault.INVALID_IMAGE, "not a digest: " + descriptor.digest()));
  }
}
