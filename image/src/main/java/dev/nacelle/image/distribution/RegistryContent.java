package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/**
 * The content of the registry for its own process: for what is made of pushed images and laid
 * beside them. The same checks and quotas as over HTTP; nobody is asked who calls. Safe for any
 * thread, blocks.
 */
public final class RegistryContent {
  private final ContentStore content;
  private final ManifestStore manifests;
  private final UploadStore uploads;

  RegistryContent(ContentStore content, ManifestStore manifests, UploadStore uploads) {
    this.content = content;
    this.manifests = manifests;
    this.uploads = uploads;
  }

  /** A manifest with its bytes. */
  public record Manifest(ContentDigest digest, String mediaType, Bytes body) {}

  /** The manifest that a reference leads to; empty where there is none. */
  public Optional<Manifest> manifest(RepositoryName repository, Reference reference)
      throws IOException {
    try {
      StoredManifest found = manifests.find(repository, reference);
      return Optional.of(
          new Manifest(
              found.digest(), found.mediaType(), Bytes.wrap(Files.readAllBytes(found.file()))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (RegistryException e) {
      return absent(e);
    }
  }

  /** A blob, open for reading, which the caller closes; empty where there is none. */
  public Optional<FileChannel> blob(RepositoryName repository, ContentDigest digest)
      throws IOException {
    try {
      var file = content.blob(repository, digest);
      content.touch(file);
      return Optional.of(FileChannel.open(file, StandardOpenOption.READ));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (RegistryException e) {
      return absent(e);
    }
  }

  private static <T> Optional<T> absent(RegistryException e) throws RegistryException {
    if (e.status() != 404) {
      throw e;
    }
    return Optional.empty();
  }

  /**
   * Stores a blob.
   *
   * @throws RegistryException if its digest is another one, or a quota is used up
   */
  public void putBlob(RepositoryName repository, ContentDigest digest, InputStream body)
      throws IOException {
    UploadSession session = uploads.begin(repository, digest.algorithm());
    try (var held = session.hold()) {
      try {
        session.append(body, -1);
        session.finish(digest);
      } finally {
        uploads.drop(session);
      }
    }
  }

  /**
   * Stores a manifest whose parts are there; listeners are not told.
   *
   * @throws RegistryException if it is none, a part is missing, or a quota is used up
   */
  public ContentDigest putManifest(
      RepositoryName repository, String mediaType, Bytes body, List<Reference.Tag> tags)
      throws IOException {
    ContentDigest digest = ContentDigest.of(ContentDigest.Algorithm.SHA256, body);
    manifests.put(repository, digest, ManifestDocument.parse(mediaType, body), body, tags);
    return digest;
  }

  /**
   * Deletes a manifest; its blobs go with the garbage.
   *
   * @return whether there was one
   */
  public boolean deleteManifest(RepositoryName repository, ContentDigest digest)
      throws IOException {
    try {
      manifests.delete(repository, new Reference.ByDigest(digest));
      return true;
    } catch (RegistryException e) {
      return absent(e).isPresent();
    }
  }

  /** The repositories that hold something, a view that changes with them. */
  public SortedSet<RepositoryName> repositories() {
    return Collections.unmodifiableSortedSet(content.repositories());
  }

  /** All manifests of a repository. */
  public List<ContentDigest> manifests(RepositoryName repository) throws IOException {
    var digests = new ArrayList<ContentDigest>();
    RegistryLayout.forEachDigest(
        content.layout().manifests(repository), (digest, path) -> digests.add(digest));
    return digests;
  }

  /** The manifests that name a subject. */
  public List<ContentDigest> referrers(RepositoryName repository, ContentDigest subject)
      throws IOException {
    return manifests.referrers(repository, subject);
  }
}
