package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.image.stream.StreamFormatException;
import dev.nacelle.image.stream.StreamReferrer;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** A repository of a registry that is reached over the network. */
record RemotePlace(Repository repository, RepositoryWriter writer) implements StreamPlace {
  @Override
  public Bytes manifest(String digest) throws InterruptedException {
    return repository.manifest(digest);
  }

  @Override
  public Bytes config(Descriptor descriptor) throws InterruptedException {
    return repository.config(descriptor);
  }

  @Override
  public InputStream blob(Descriptor descriptor) throws InterruptedException {
    return repository.blob(descriptor);
  }

  @Override
  public List<StreamReferrer> forms(String subject) throws InterruptedException {
    var forms = new ArrayList<StreamReferrer>();
    for (Referrer referrer : repository.referrers(subject, StreamReferrer.ARTIFACT_TYPE)) {
      try {
        Bytes manifest = repository.manifest(referrer.descriptor().digest());
        forms.add(StreamReferrer.parse(manifest, subject));
      } catch (StreamFormatException e) {
        // of a later version, or damaged: made anew
      }
    }
    return forms;
  }

  @Override
  public ReferrerPlace referrers() {
    return writer;
  }

  @Override
  public void publish(Descriptor subject, StreamReferrer form) throws InterruptedException {
    form.publish(writer, subject);
  }
}
