package dev.nacelle.image.distribution;

import dev.nacelle.base.files.DurableFiles;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where things lie below the registry's directory. All content lies once in {@code content}; a
 * repository has hard links to what is its own, so the number of links says whether content is in
 * use. Names that begin with an underscore are no component of a repository's name.
 *
 * <pre>
 * content/ALGORITHM/XX/HEX                            blobs and manifests
 * repositories/NAME/_blobs/ALGORITHM/HEX              a link
 * repositories/NAME/_manifests/ALGORITHM/HEX          a link; the manifest is stored by it
 * repositories/NAME/_types/ALGORITHM/HEX              its media type
 * repositories/NAME/_tags/TAG                         a digest
 * repositories/NAME/_referrers/ALG/HEX/ALG-HEX        the descriptor of a referrer
 * uploads/ID/{repository,data}
 * </pre>
 */
final class RegistryLayout {
  private final Path root;

  RegistryLayout(Path root) {
    this.root = root;
  }

  Path content() {
    return root.resolve("content");
  }

  Path content(ContentDigest digest) {
    return content()
        .resolve(digest.algorithm().label())
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex());
  }

  Path repositories() {
    return root.resolve("repositories");
  }

  Path uploads() {
    return root.resolve("uploads");
  }

  Path repository(RepositoryName name) {
    return repositories().resolve(name.value());
  }

  Path blobs(RepositoryName name) {
    return repository(name).resolve("_blobs");
  }

  Path blob(RepositoryName name, ContentDigest digest) {
    return under(blobs(name), digest);
  }

  Path manifests(RepositoryName name) {
    return repository(name).resolve("_manifests");
  }

  Path manifest(RepositoryName name, ContentDigest digest) {
    return under(manifests(name), digest);
  }

  Path types(RepositoryName name) {
    return repository(name).resolve("_types");
  }

  Path type(RepositoryName name, ContentDigest digest) {
    return under(types(name), digest);
  }

  Path tags(RepositoryName name) {
    return repository(name).resolve("_tags");
  }

  Path tag(RepositoryName name, Reference.Tag tag) {
    return tags(name).resolve(tag.name());
  }

  Path referrers(RepositoryName name) {
    return repository(name).resolve("_referrers");
  }

  Path referrers(RepositoryName name, ContentDigest subject) {
    return under(referrers(name), subject);
  }

  Path referrer(RepositoryName name, ContentDigest subject, ContentDigest referrer) {
    return referrers(name, subject).resolve(referrer.algorithm().label() + "-" + referrer.hex());
  }

  private static Path under(Path directory, ContentDigest digest) {
    return directory.resolve(digest.algorithm().label()).resolve(digest.hex());
  }

  /** The digest that a path within {@code _blobs} and its like stands for. */
  static Optional<ContentDigest> digestOf(Path path) {
    Path parent = path.getParent();
    Path algorithm = parent == null ? null : parent.getFileName();
    return algorithm == null
        ? Optional.empty()
        : ContentDigest.parse(algorithm + ":" + path.getFileName());
  }

  /** The digest that the file of a referrer stands for. */
  static Optional<ContentDigest> referrerOf(Path path) {
    return ContentDigest.parse(String.valueOf(path.getFileName()).replace('-', ':'));
  }

  /** Makes a directory and those above it, each durable. */
  static void makeDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      makeDirectories(parent);
      try {
        Files.createDirectory(directory);
      } catch (FileAlreadyExistsException e) {
        return;
      }
      DurableFiles.syncDirectory(parent);
    }
  }

  /** Gives each file of a directory to {@code action}; there may be none. */
  static void forEach(Path directory, Visit visit) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        visit.visit(entry);
      }
    } catch (NoSuchFileException e) {
      // gone meanwhile, and with it all that was in it
      return;
    }
  }

  /** Gives each file of {@code content} to {@code visit}, drafts too. */
  void forEachContent(Visit visit) throws IOException {
    forEach(content(), algorithm -> forEach(algorithm, shelf -> forEach(shelf, visit)));
  }

  /** What is done with a file. */
  interface Visit {
    void visit(Path path) throws IOException;
  }

  /** Gives each file two levels below ({@code ALGORITHM/HEX}) to {@code visit}. */
  static void forEachDigest(Path directory, DigestVisit visit) throws IOException {
    forEach(
        directory,
        algorithm ->
            forEach(
                algorithm,
                path -> {
                  Optional<ContentDigest> digest = digestOf(path);
                  if (digest.isPresent()) {
                    visit.visit(digest.get(), path);
                  }
                }));
  }

  /** What is done with a file that is named by a digest. */
  interface DigestVisit {
    void visit(ContentDigest digest, Path path) throws IOException;
  }

  static boolean isEmpty(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return true;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files.noneMatch(Files::isRegularFile);
    }
  }
}
