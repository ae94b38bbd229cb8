package dev.nacelle.image.distribution;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Puts a directory in order after whatever ended the last process: removes drafts and what leads
 * nowhere, finds the repositories, counts what is there. Before anybody else works on it.
 */
final class OpeningSweep {
  private final ContentStore content;
  private final RegistryLayout layout;

  OpeningSweep(ContentStore content) {
    this.content = content;
    layout = content.layout();
  }

  void run() throws IOException {
    RegistryLayout.makeDirectories(layout.content());
    RegistryLayout.makeDirectories(layout.repositories());
    layout.forEachContent(this::count);
    RegistryLayout.forEach(layout.repositories(), path -> repository("", path));
  }

  private void count(Path file) throws IOException {
    if (isDraft(file)) {
      Files.deleteIfExists(file);
    } else {
      content.meter().foundTotal(Files.size(file));
    }
  }

  private static boolean isDraft(Path file) {
    return String.valueOf(file.getFileName()).startsWith(".");
  }

  private void repository(String above, Path directory) throws IOException {
    String name = above + directory.getFileName();
    Optional<RepositoryName> repository = RepositoryName.parse(name);
    if (repository.isEmpty() || !Files.isDirectory(directory)) {
      return;
    }
    sweep(repository.get());
    RegistryLayout.forEach(
        directory,
        child -> {
          if (!String.valueOf(child.getFileName()).startsWith("_")) {
            repository(name + "/", child);
          }
        });
  }

  private void sweep(RepositoryName repository) throws IOException {
    long[] links = {0};
    RegistryLayout.DigestVisit found =
        (digest, path) -> {
          links[0]++;
          content.meter().found(repository, Files.size(path));
        };
    RegistryLayout.forEachDigest(layout.blobs(repository), found);
    RegistryLayout.forEachDigest(layout.manifests(repository), found);
    RegistryLayout.forEach(
        layout.types(repository),
        algorithm ->
            RegistryLayout.forEach(
                algorithm, file -> keepIf(file, RegistryLayout.digestOf(file), repository)));
    RegistryLayout.forEach(
        layout.tags(repository),
        tag -> keepIf(tag, ContentDigest.parse(Files.readString(tag)), repository));
    RegistryLayout.forEachDigest(
        layout.referrers(repository),
        (subject, directory) ->
            RegistryLayout.forEach(
                directory, file -> keepIf(file, RegistryLayout.referrerOf(file), repository)));
    if (links[0] > 0) {
      content.repositories().add(repository);
    }
  }

  /** Removes drafts, and files that speak of a manifest that is not there. */
  private void keepIf(Path file, Optional<ContentDigest> manifest, RepositoryName repository)
      throws IOException {
    if (isDraft(file)
        || manifest.isEmpty()
        || !Files.isRegularFile(layout.manifest(repository, manifest.get()))) {
      Files.deleteIfExists(file);
    }
  }
}
