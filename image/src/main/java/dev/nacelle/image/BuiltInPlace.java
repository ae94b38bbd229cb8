package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.distribution.BuiltInReferrers;
import dev.nacelle.image.distribution.ContentDigest;
import dev.nacelle.image.distribution.Reference;
import dev.nacelle.image.distribution.RegistryContent;
import dev.nacelle.image.distribution.RepositoryName;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.VerifiedStream;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A repository of the built-in registry, in its own process. */
record BuiltInPlace(RegistryContent content, RepositoryName name) implements StreamPlace {
  private static final int MAX_CONFIG_BYTES = 8 << 20;

  @Override
  public Bytes manifest(String digest) throws IOException {
    return content
        .manifest(name, new Reference.ByDigest(parsed(digest)))
        .map(RegistryContent.Manifest::body)
        .orElseThrow(() -> missing("manifest", digest));
  }

  @Override
  public Bytes config(Descriptor descriptor) throws IOException {
    if (descriptor.sizeBytes() > MAX_CONFIG_BYTES) {
      throw new ImageException(
          ImageFault.INVALID_IMAGE,
          "cannot read image configuration: it has " + descriptor.sizeBytes() + " bytes");
    }
    try (InputStream in = blob(descriptor)) {
      return Bytes.wrap(in.readAllBytes());
    }
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws IOException {
    FileChannel channel =
        content
            .blob(name, parsed(descriptor.digest()))
            .orElseThrow(() -> missing("blob", descriptor.digest()));
    return new VerifiedStream(Channels.newInputStream(channel), descriptor);
  }

  @Override
  public List<StreamReferrer> forms(String subject) throws IOException {
    var forms = new ArrayList<StreamReferrer>();
    for (ContentDigest referrer : content.referrers(name, parsed(subject))) {
      Optional<RegistryContent.Manifest> manifest =
          content.manifest(name, new Reference.ByDigest(referrer));
      if (manifest.isPresent()) {
        try {
          forms.add(StreamReferrer.parse(manifest.get().body(), subject));
        } catch (StreamFormatException e) {
          // a signature or another thing that is said of the image
        }
      }
    }
    return forms;
  }

  @Override
  public ReferrerPlace referrers() {
    return new BuiltInReferrers(content, name);
  }

  @Override
  public void publish(Descriptor subject, StreamReferrer form)
      throws IOException, InterruptedException {
    put(StreamReferrer.emptyConfig(), StreamReferrer.EMPTY::asInputStream);
    content.putManifest(name, MediaTypes.OCI_MANIFEST, form.toManifest(subject), List.of());
  }

  private static ContentDigest parsed(String digest) {
    return ContentDigest.parse(digest)
        .orElseThrow(() -> new ImageException(ImageFault.INVALID_IMAGE, "not a digest: " + digest));
  }

  private ImageException missing(String what, String digest) {
    return new ImageException(
        ImageFault.NOT_FOUND,
        "cannot read " + what + " " + digest + " of " + name + ": it is gone");
  }
}
