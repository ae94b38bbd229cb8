package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.image.registry.MediaTypes;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** Holds who may lay traces, and push nothing else, to what {@link TraceRules} allow. */
record TraceLimits(TraceRules rules, RegistryContent content, ManifestStore manifests) {

  /**
   * @throws RegistryException 403 if it is not a trace, or not one of an image that is here
   */
  void checkPut(
      RepositoryName repository,
      Reference reference,
      List<Reference.Tag> tags,
      ManifestDocument document,
      Bytes body)
      throws IOException {
    if (reference instanceof Reference.Tag || !tags.isEmpty()) {
      throw denied(repository, "a tag is no trace");
    }
    if (!document.mediaType().equals(MediaTypes.OCI_MANIFEST) || !isTrace(document)) {
      throw denied(repository, "the manifest is no trace");
    }
    if (document.subject().filter(s -> manifests.has(repository, s)).isEmpty()) {
      throw denied(repository, "the image that the trace speaks of is not there");
    }
    Optional<String> objection = rules.objection(content, repository, body);
    if (objection.isPresent()) {
      throw denied(repository, objection.get());
    }
  }

  /**
   * @throws RegistryException 403 if it is not a trace, or one that a tag leads to
   */
  void checkDelete(RepositoryName repository, Reference reference) throws IOException {
    if (!(reference instanceof Reference.ByDigest(var digest))) {
      throw denied(repository, "a tag is no trace");
    }
    manifests.find(repository, reference);
    ManifestDocument document = manifests.document(repository, digest);
    if (!isTrace(document) || document.subject().isEmpty()) {
      throw denied(repository, "the manifest is no trace");
    }
    if (manifests.taggedDigests(repository).contains(digest)) {
      throw denied(repository, "a tag leads to the trace");
    }
  }

  private boolean isTrace(ManifestDocument document) {
    return document.artifactType().filter(rules::isTrace).isPresent();
  }

  private static RegistryException denied(RepositoryName repository, String why) {
    return new RegistryException(
        ErrorCode.DENIED, "only traces may be changed in %s: %s".formatted(repository, why));
  }

  /** A body for an upload, which ends with an error where the blob becomes too large. */
  InputStream bounded(InputStream body, UploadSession session) {
    return new Bounded(body, rules.mostBlobBytes() - session.sizeBytes());
  }

  private static final class Bounded extends FilterInputStream {
    private long left;

    Bounded(InputStream in, long most) {
      super(in);
      this.left = most;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int got = super.read(into, offset, length);
      left -= Math.max(0, got);
      if (left < 0) {
        throw new RegistryException(
            ErrorCode.SIZE_INVALID, 413, "no trace has a blob as large as this", Headers.EMPTY);
      }
      return got;
    }
  }
}
