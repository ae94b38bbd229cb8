package dev.nacelle.image.distribution;

import java.util.Arrays;
import java.util.List;

/** What a path asks for. */
sealed interface Route {
  /** {@code /v2/} (end-1). */
  record Version() implements Route {}

  /** {@code /token}, of Docker's token specification. */
  record Token() implements Route {}

  /** {@code /v2/_catalog}, of Docker's registry. */
  record Catalog() implements Route {}

  /** {@code /v2/NAME/blobs/DIGEST} (end-2, end-10). */
  record Blob(RepositoryName repository, String digest) implements Route {}

  /** {@code /v2/NAME/blobs/uploads/} (end-4, end-11). */
  record Uploads(RepositoryName repository) implements Route {}

  /** {@code /v2/NAME/blobs/uploads/ID} (end-5, end-6, end-13). */
  record Upload(RepositoryName repository, String id) implements Route {}

  /** {@code /v2/NAME/manifests/REFERENCE} (end-3, end-7, end-9). */
  record Manifest(RepositoryName repository, String reference) implements Route {}

  /** {@code /v2/NAME/tags/list} (end-8). */
  record Tags(RepositoryName repository) implements Route {}

  /** {@code /v2/NAME/referrers/DIGEST} (end-12). */
  record Referrers(RepositoryName repository, String digest) implements Route {}

  /** Nothing that is served here. */
  record Unknown() implements Route {}

  /**
   * @throws RegistryException NAME_INVALID
   */
  static Route parse(String path) throws RegistryException {
    switch (path) {
      case "/v2", "/v2/" -> {
        return new Version();
      }
      case "/token" -> {
        return new Token();
      }
      case "/v2/_catalog" -> {
        return new Catalog();
      }
      default -> {}
    }
    if (!path.startsWith("/v2/")) {
      return new Unknown();
    }
    List<String> parts = Arrays.asList(path.substring("/v2/".length()).split("/", -1));
    int count = parts.size();
    String last = parts.getLast();
    String before = count > 1 ? parts.get(count - 2) : "";
    boolean uploads = count > 2 && before.equals("uploads") && parts.get(count - 3).equals("blobs");
    if (uploads) {
      RepositoryName name = name(parts, count - 3);
      return last.isEmpty() ? new Uploads(name) : new Upload(name, last);
    }
    return switch (before) {
      case "blobs" ->
          last.equals("uploads")
              ? new Uploads(name(parts, count - 2))
              : new Blob(name(parts, count - 2), last);
      case "manifests" -> new Manifest(name(parts, count - 2), last);
      case "referrers" -> new Referrers(name(parts, count - 2), last);
      case "tags" -> last.equals("list") ? new Tags(name(parts, count - 2)) : new Unknown();
      default -> new Unknown();
    };
  }

  private static RepositoryName name(List<String> parts, int count) throws RegistryException {
    return RepositoryName.parse(String.join("/", parts.subList(0, count)))
        .orElseThrow(
            () ->
                new RegistryException(
                    ErrorCode.NAME_INVALID,
                    "the repository's name must be lower case letters, digits and separators"));
  }
}
