package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.task.Threads;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The lists of referrers at a place.
 *
 * @see <a
 *     href="https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers">Listing
 *     referrers</a>
 */
record ReferrerList(Place place, ImageReference reference) {
  private static final int MOST_PAGES = 16;
  private static final Pattern NEXT = Pattern.compile("<([^>]{1,4096})>\\s*;\\s*rel=\"?next\"?");

  /** How a registry keeps lists of referrers. */
  enum Kind {
    UNKNOWN,
    /** By the API of OCI 1.1. */
    API,
    /** By the tag {@code sha256-HEX}. */
    TAG
  }

  /** What is known of a registry; shared by all that speak to it, and what one learns all know. */
  static final class Memory {
    private volatile Kind kind = Kind.UNKNOWN;

    /** Whether there are no lists behind tags. */
    boolean isByApi() {
      return kind == Kind.API;
    }
  }

  /** The tag that lists the referrers of a manifest where the registry does not. */
  static String tag(String digest) {
    return digest.replace(':', '-');
  }

  /**
   * The referrers of a manifest. Where it is not known how the registry keeps them, it is asked in
   * both ways at once, and the answer remembered.
   *
   * @param artifactType only those of this type; all if it is empty
   */
  List<Referrer> of(String digest, String artifactType) throws IOException, InterruptedException {
    return switch (place.referrers().kind) {
      case API -> api(digest, artifactType).orElse(List.of());
      case TAG -> fromTag(digest, artifactType).orElse(List.of());
      case UNKNOWN -> ask(digest, artifactType);
    };
  }

  private List<Referrer> ask(String digest, String artifactType)
      throws IOException, InterruptedException {
    var tagged = new FutureTask<>(() -> fromTag(digest, artifactType));
    Thread asking = new Threads("registry").startVirtual("referrers", tagged);
    try {
      Optional<List<Referrer>> listed = api(digest, artifactType);
      if (listed.isPresent()) {
        place.referrers().kind = Kind.API;
        return listed.get();
      }
      Optional<List<Referrer>> found = tagged.get();
      found.ifPresent(list -> place.referrers().kind = Kind.TAG); // else it may be the repository
      return found.orElse(List.of());
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case InterruptedException interrupted -> throw interrupted;
        case null, default -> throw new IllegalStateException("cannot ask for referrers", e);
      }
    } finally {
      asking.interrupt();
    }
  }

  /** Empty if the registry has no such lists. */
  private Optional<List<Referrer>> api(String digest, String artifactType)
      throws IOException, InterruptedException {
    try {
      return Optional.of(fromApi(digest, artifactType));
    } catch (Place.Refusal e) {
      if (e.fault() != ImageFault.NOT_FOUND) {
        throw e;
      }
      return Optional.empty();
    }
  }

  /** Empty if there is no such tag. */
  private Optional<List<Referrer>> fromTag(String digest, String artifactType)
      throws IOException, InterruptedException {
    return tagged(digest)
        .map(index -> read(index).stream().filter(r -> isOf(r, artifactType)).toList());
  }

  private static boolean isOf(Referrer referrer, String artifactType) {
    return artifactType.isEmpty() || referrer.artifactType().equals(artifactType);
  }

  private List<Referrer> fromApi(String digest, String artifactType)
      throws IOException, InterruptedException {
    var result = new ArrayList<Referrer>();
    Optional<URI> page = Optional.of(place.endpoint().referrers(reference, digest, artifactType));
    for (int pages = 0; page.isPresent() && pages < MOST_PAGES; pages++) {
      URI uri = page.get();
      try (HttpResponse response =
          place.send(HttpRequest.get(uri).with("accept", MediaTypes.OCI_INDEX))) {
        read(parse(response.bytes(Manifest.MAX_BYTES))).stream()
            .filter(r -> isOf(r, artifactType)) // filtering is the server's choice
            .forEach(result::add);
        page = response.headers().first("link").flatMap(link -> next(uri, link));
      }
    }
    return result;
  }

  private Optional<URI> next(URI from, String link) {
    Matcher matcher = NEXT.matcher(link);
    if (!matcher.find()) {
      return Optional.empty();
    }
    try {
      return Optional.of(from.resolve(matcher.group(1))).filter(place.endpoint()::serves);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // no more pages that can be asked for
    }
  }

  /**
   * The index behind the tag for a manifest's referrers.
   *
   * @throws IOException also if something else has that tag, which is not ours to replace
   */
  Optional<JsonObject> tagged(String digest) throws IOException, InterruptedException {
    URI uri = place.endpoint().manifest(reference, tag(digest));
    try (HttpResponse response =
        place.send(HttpRequest.get(uri).with("accept", MediaTypes.OCI_INDEX))) {
      JsonObject index = parse(response.bytes(Manifest.MAX_BYTES));
      if (!index.string("mediaType").orElse(MediaTypes.OCI_INDEX).equals(MediaTypes.OCI_INDEX)
          || !index.has("manifests")) {
        throw new IOException("what has the tag " + tag(digest) + " is no list of referrers");
      }
      return Optional.of(index);
    } catch (Place.Refusal e) {
      if (e.fault() == ImageFault.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static JsonObject parse(Bytes text) throws IOException {
    try {
      return JsonReader.readObject(text);
    } catch (JsonSyntaxException e) {
      throw new IOException("the registry's list of referrers is not JSON", e);
    }
  }

  /** The entries of an index; those with a digest that is not supported are left out. */
  static List<Referrer> read(JsonObject index) {
    var result = new ArrayList<Referrer>();
    for (JsonObject entry : index.array("manifests").objects().toList()) {
      try {
        result.add(Referrer.of(entry));
      } catch (ImageException e) {
        // sha512, or malformed: not one we could fetch and verify
      }
    }
    return result;
  }
}
