package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Manifests, tags and referrers of all repositories. A manifest is there from the moment its link
 * is: its media type and its entry among the referrers are written before, tags after. Safe for any
 * thread.
 */
final class ManifestStore {
  private final ContentStore content;
  private final RegistryLayout layout;

  ManifestStore(ContentStore content) {
    this.content = content;
    layout = content.layout();
  }

  /**
   * Stores a manifest whose parts are all there.
   *
   * @throws RegistryException MANIFEST_BLOB_UNKNOWN if one is not
   */
  void put(
      RepositoryName repository,
      ContentDigest digest,
      ManifestDocument document,
      Bytes body,
      List<Reference.Tag> tags)
      throws IOException {
    try (var held = content.lock(repository)) {
      for (ManifestDocument.Descriptor part : document.references()) {
        requirePart(repository, part);
      }
      write(repository, digest, document, body, tags);
    }
  }

  /** Stores a manifest whose parts are fetched when somebody asks for them. */
  void putCached(
      RepositoryName repository,
      ContentDigest digest,
      ManifestDocument document,
      Bytes body,
      List<Reference.Tag> tags)
      throws IOException {
    try (var held = content.lock(repository)) {
      write(repository, digest, document, body, tags);
    }
  }

  private void write(
      RepositoryName repository,
      ContentDigest digest,
      ManifestDocument document,
      Bytes body,
      List<Reference.Tag> tags)
      throws IOException {
    Path type = layout.type(repository, digest);
    content.enter(repository);
    write(type, Bytes.utf8(document.mediaType()));
    if (document.subject().isPresent()) {
      write(
          layout.referrer(repository, document.subject().get(), digest),
          JsonWriter.write(document.asReferrer(digest, body.sizeBytes())));
    }
    content.store(repository, digest, body, layout.manifest(repository, digest));
    for (Reference.Tag tag : tags) {
      write(layout.tag(repository, tag), Bytes.utf8(digest.toString()));
    }
  }

  boolean has(RepositoryName repository, ContentDigest digest) {
    return Files.isRegularFile(layout.manifest(repository, digest));
  }

  /**
   * What a cached tag leads to.
   *
   * @param checked when the origin was asked last
   */
  record Tagged(ContentDigest digest, Instant checked) {}

  /** Empty where the tag or its manifest is not here. */
  Optional<Tagged> tagged(RepositoryName repository, Reference.Tag tag) throws IOException {
    Path file = layout.tag(repository, tag);
    Optional<ContentDigest> digest = tagged(file).filter(found -> has(repository, found));
    try {
      return digest.isEmpty()
          ? Optional.empty()
          : Optional.of(new Tagged(digest.get(), Files.getLastModifiedTime(file).toInstant()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Notes that the origin was asked for a cached tag. */
  void confirm(RepositoryName repository, Reference.Tag tag, Instant now) throws IOException {
    try (var held = content.lock(repository)) {
      Path file = layout.tag(repository, tag);
      if (Files.isRegularFile(file)) {
        Files.setLastModifiedTime(file, FileTime.from(now));
      }
    }
  }

  private void requirePart(RepositoryName repository, ManifestDocument.Descriptor part)
      throws IOException {
    Path file =
        switch (part.kind()) {
          case BLOB -> layout.blob(repository, part.digest());
          case MANIFEST -> layout.manifest(repository, part.digest());
          case FOREIGN -> null;
        };
    if (file == null) {
      return;
    }
    if (!Files.isRegularFile(file)) {
      throw new RegistryException(
          ErrorCode.MANIFEST_BLOB_UNKNOWN,
          "cannot store the manifest: %s is not in %s; push it first"
              .formatted(part.digest(), repository));
    }
    if (Files.size(file) != part.sizeBytes()) {
      throw new RegistryException(
          ErrorCode.SIZE_INVALID,
          "cannot store the manifest: %s has %d bytes, not %d"
              .formatted(part.digest(), Files.size(file), part.sizeBytes()));
    }
    content.touch(file);
  }

  private static void write(Path file, Bytes text) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      RegistryLayout.makeDirectories(parent);
    }
    DurableFiles.writeAtomically(file, text, DurableFiles.Mode.OWNER);
  }

  /**
   * @throws RegistryException if there is none
   */
  StoredManifest find(RepositoryName repository, Reference reference) throws IOException {
    Optional<ContentDigest> digest =
        switch (reference) {
          case Reference.ByDigest(var d) -> Optional.of(d);
          case Reference.Tag tag -> tagged(layout.tag(repository, tag));
        };
    if (digest.isPresent()) {
      Path file = layout.manifest(repository, digest.get());
      Optional<String> type = text(layout.type(repository, digest.get()));
      if (type.isPresent() && Files.isRegularFile(file)) {
        return new StoredManifest(digest.get(), type.get(), file);
      }
    }
    throw unknown(repository, reference);
  }

  private RegistryException unknown(RepositoryName repository, Reference reference) {
    return content.repositories().contains(repository)
        ? new RegistryException(
            ErrorCode.MANIFEST_UNKNOWN, "no manifest " + reference + " in " + repository)
        : ContentStore.unknown(repository);
  }

  private static Optional<String> text(Path file) throws IOException {
    try {
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static Optional<ContentDigest> tagged(Path tag) throws IOException {
    return text(tag).flatMap(ContentDigest::parse);
  }

  /** Deletes a tag, or a manifest with all tags that lead to it. */
  void delete(RepositoryName repository, Reference reference) throws IOException {
    try (var held = content.lock(repository)) {
      switch (reference) {
        case Reference.Tag tag -> {
          Path file = layout.tag(repository, tag);
          if (!Files.isRegularFile(file)) {
            throw unknown(repository, reference);
          }
          DurableFiles.delete(file);
        }
        case Reference.ByDigest(var digest) -> {
          if (!Files.isRegularFile(layout.manifest(repository, digest))) {
            throw unknown(repository, reference);
          }
          remove(repository, digest);
        }
      }
    }
  }

  /** Removes a manifest; with the lock of the repository held. */
  void remove(RepositoryName repository, ContentDigest digest) throws IOException {
    Path link = layout.manifest(repository, digest);
    ManifestDocument document = document(repository, digest);
    RegistryLayout.forEach(
        layout.tags(repository),
        tag -> {
          if (tagged(tag).equals(Optional.of(digest))) {
            DurableFiles.delete(tag);
          }
        });
    // whoever has just read the manifest may still come for its parts
    for (ManifestDocument.Descriptor part : document.references()) {
      Path blob = layout.blob(repository, part.digest());
      if (Files.isRegularFile(blob)) {
        content.touch(blob);
      }
    }
    content.unlink(repository, link);
    if (document.subject().isPresent()) {
      DurableFiles.delete(layout.referrer(repository, document.subject().get(), digest));
    }
    DurableFiles.delete(layout.type(repository, digest));
  }

  /** What a stored manifest says. */
  ManifestDocument document(RepositoryName repository, ContentDigest digest) throws IOException {
    return ManifestDocument.parse(
        text(layout.type(repository, digest)).orElse(""),
        Bytes.wrap(Files.readAllBytes(layout.manifest(repository, digest))));
  }

  /** All tags in lexical order, without regard to case. */
  List<String> tags(RepositoryName repository) throws IOException {
    var tags = new ArrayList<String>();
    RegistryLayout.forEach(
        layout.tags(repository),
        file -> {
          String name = String.valueOf(file.getFileName());
          if (Reference.Tag.isTag(name)) {
            tags.add(name);
          }
        });
    tags.sort(TAG_ORDER);
    return tags;
  }

  /** The order of tags in lists. */
  static final Comparator<String> TAG_ORDER =
      String.CASE_INSENSITIVE_ORDER.thenComparing(Comparator.naturalOrder());

  /** The digests that tags lead to. */
  List<ContentDigest> taggedDigests(RepositoryName repository) throws IOException {
    var digests = new ArrayList<ContentDigest>();
    RegistryLayout.forEach(layout.tags(repository), tag -> tagged(tag).ifPresent(digests::add));
    return digests;
  }

  /** The digests of the manifests that name a subject, in their order. */
  List<ContentDigest> referrers(RepositoryName repository, ContentDigest subject)
      throws IOException {
    var referrers = new ArrayList<ContentDigest>();
    RegistryLayout.forEach(
        layout.referrers(repository, subject),
        file -> {
          Optional<ContentDigest> digest = RegistryLayout.referrerOf(file);
          if (digest.isPresent() && Files.exists(layout.manifest(repository, digest.get()))) {
            referrers.add(digest.get());
          }
        });
    referrers.sort(Comparator.comparing(ContentDigest::toString));
    return referrers;
  }

  /** The descriptor of a referrer; empty when it is gone. */
  Optional<JsonObject> referrer(
      RepositoryName repository, ContentDigest subject, ContentDigest referrer) throws IOException {
    return text(layout.referrer(repository, subject, referrer))
        .map(text -> JsonReader.readObject(Bytes.utf8(text)));
  }
}
