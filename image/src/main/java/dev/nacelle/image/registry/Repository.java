package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.BodyTooLargeException;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.Platform;
import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One repository of a registry, its mirrors first. Failures that may pass are tried again with
 * back-off; the last error is that of the registry itself. Safe for any thread.
 */
public final class Repository {
  private static final int MAX_CONFIG_BYTES = 8 << 20;
  private static final int MAX_INDEX_DEPTH = 4;

  private final ImageReference reference;
  private final Supplier<List<Place>> known;
  private final Backoff backoff;
  private final NearContent near;

  /**
   * @param known where to ask, at least one place; itself asked before each request
   */
  Repository(
      ImageReference reference, Supplier<List<Place>> known, Backoff backoff, NearContent near) {
    this.near = near;
    this.reference = reference;
    this.known = known;
    this.backoff = backoff;
  }

  /**
   * The image a reference stands for.
   *
   * @param digest of the topmost manifest, which the tag names
   * @param manifests from that one down to the image's
   */
  public record Resolved(String digest, List<Bytes> manifests, Manifest.Image image) {
    public Resolved {
      manifests = List.copyOf(manifests);
    }
  }

  /** Asks what the reference stands for on {@code platform}. */
  public Resolved resolve(Platform platform) throws InterruptedException {
    return resolve(platform, digest -> {});
  }

  /**
   * As the other.
   *
   * @param known hears the digest of the image's own manifest as soon as it is known, which for an
   *     image of several platforms is before that manifest is asked for; once, on the calling
   *     thread, which it must not hold up
   */
  public Resolved resolve(Platform platform, Consumer<String> known) throws InterruptedException {
    var manifests = new ArrayList<Bytes>();
    Bytes top = manifest();
    manifests.add(top);
    Manifest manifest = Manifest.parse(top);
    boolean told = false;
    for (int depth = 0; depth < MAX_INDEX_DEPTH; depth++) {
      switch (manifest) {
        case Manifest.Image image -> {
          if (!told) {
            known.accept(Sha256.of(manifests.getLast()));
          }
          return new Resolved(Sha256.of(top), manifests, image);
        }
        case Manifest.Index index -> {
          Descriptor chosen =
              index
                  .choose(platform)
                  .orElseThrow(
                      () ->
                          failure(
                              ImageFault.WRONG_PLATFORM,
                              "no match for platform in manifest: " + platform));
          if (MediaTypes.isImage(chosen.mediaType())) {
            known.accept(chosen.digest());
            told = true;
          }
          Bytes next = manifest(chosen.digest());
          manifests.add(next);
          manifest = Manifest.parse(next);
        }
      }
    }
    throw failure(ImageFault.INVALID_IMAGE, "its indexes are nested too deep");
  }

  /** The manifest that the reference names: an image's, or an index of several. */
  public Bytes manifest() throws InterruptedException {
    return manifest(reference.digest().or(reference::tag).orElse("latest"), reference.digest());
  }

  /** A small blob, whole and verified. */
  public Bytes config(Descriptor descriptor) throws InterruptedException {
    Optional<Bytes> found = near(descriptor.digest(), MAX_CONFIG_BYTES);
    if (found.isPresent()) {
      return found.get();
    }
    return whole(
        place -> place.send(HttpRequest.get(place.endpoint().blob(reference, descriptor.digest()))),
        MAX_CONFIG_BYTES,
        Optional.of(descriptor.digest()));
  }

  /**
   * Opens a blob from its beginning. The stream resumes by itself where a connection breaks, and
   * reports its end only when size and digest are the promised ones.
   */
  public InputStream blob(Descriptor descriptor) throws InterruptedException {
    Attempt<InputStream> open =
        place ->
            new VerifiedStream(
                new ResumingBlob(
                    place, place.endpoint().blob(reference, descriptor.digest()), backoff),
                descriptor);
    return fromPlaces(open);
  }

  /** A manifest by its digest, verified. */
  public Bytes manifest(String digest) throws InterruptedException {
    Optional<Bytes> found = near(digest, Manifest.MAX_BYTES);
    return found.isPresent() ? found.get() : manifest(digest, Optional.of(digest));
  }

  /** Small content that somebody near has, verified. */
  public Optional<Bytes> near(String digest, int maxBytes) throws InterruptedException {
    return near.find(digest, maxBytes).filter(found -> Sha256.of(found).equals(digest));
  }

  /** A manifest as the registry has it. */
  public record Fetched(String mediaType, Bytes body) {}

  /** A manifest with its media type, to be passed on; verified where it is asked for by digest. */
  public Fetched fetch(String tagOrDigest) throws InterruptedException {
    return fromPlaces(
        place -> {
          try (HttpResponse response = place.send(get(place, tagOrDigest))) {
            Bytes bytes = response.bytes(Manifest.MAX_BYTES);
            if (tagOrDigest.startsWith("sha256:") && !Sha256.of(bytes).equals(tagOrDigest)) {
              throw new DigestMismatchException(
                  "got content with the digest "
                      + Sha256.of(bytes)
                      + " in place of "
                      + tagOrDigest);
            }
            return new Fetched(response.headers().first("content-type").orElse(""), bytes);
          }
        });
  }

  /** The digest that a tag leads to now; empty where the registry does not say it by HEAD. */
  public Optional<String> digestOf(String tag) throws InterruptedException {
    return fromPlaces(
        place -> {
          HttpRequest get = get(place, tag);
          try (HttpResponse response =
              place.send(new HttpRequest("HEAD", get.uri(), get.headers(), get.body()))) {
            return response.headers().first("docker-content-digest");
          }
        });
  }

  /** The size of a blob. */
  public long sizeOf(String digest) throws InterruptedException {
    return fromPlaces(
        place -> {
          URI blob = place.endpoint().blob(reference, digest);
          try (HttpResponse response = place.send(HttpRequest.of("HEAD", blob))) {
            String length = response.headers().first("content-length").orElse("");
            if (!length.matches("[0-9]{1,18}")) {
              throw new IOException("the registry does not say how large " + digest + " is");
            }
            return Long.parseLong(length);
          }
        });
  }

  /**
   * What refers to a manifest: by the referrers API of OCI 1.1, by the tag {@code sha256-HEX} where
   * the registry has none.
   *
   * @param digest {@code sha256:HEX} of the manifest
   * @param artifactType only those of this type
   */
  public List<Referrer> referrers(String digest, String artifactType) throws InterruptedException {
    return fromPlaces(place -> new ReferrerList(place, reference).of(digest, artifactType));
  }

  /** As the other, of all types: one request also where several types are of interest. */
  public List<Referrer> referrers(String digest) throws InterruptedException {
    return fromPlaces(place -> new ReferrerList(place, reference).of(digest, ""));
  }

  /**
   * Some bytes of a blob, not verified. Asks each place once: the caller has other sources, and its
   * own patience. An interrupt ends it.
   *
   * @throws IOException if no place gives just these bytes now
   */
  public Bytes range(Descriptor descriptor, long offset, int length)
      throws IOException, InterruptedException {
    if (length == 0) {
      return Bytes.EMPTY;
    }
    return fromAPlace(
        descriptor,
        (place, uri) -> {
          byte[] bytes = new byte[length];
          try (InputStream in = BlobRange.open(place, uri, offset, length)) {
            in.readNBytes(bytes, 0, length); // without a length it reads 16 KiB at a time
          }
          return Bytes.wrap(bytes);
        });
  }

  /**
   * As the other, as they arrive.
   *
   * @param length in bytes; at least one
   * @return just these bytes, or an error in place of the first one that does not come; an
   *     interrupt ends it
   */
  public InputStream openRange(Descriptor descriptor, long offset, long length)
      throws IOException, InterruptedException {
    return fromAPlace(descriptor, (place, uri) -> BlobRange.open(place, uri, offset, length));
  }

  private interface PartOf<T> {
    T in(Place place, URI blob) throws IOException, InterruptedException;
  }

  private <T> T fromAPlace(Descriptor descriptor, PartOf<T> part)
      throws IOException, InterruptedException {
    IOException last = new IOException("there is no place to ask");
    for (Place place : known.get()) {
      try {
        return part.in(place, place.endpoint().blob(reference, descriptor.digest()));
      } catch (IOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  private Bytes manifest(String tagOrDigest, Optional<String> digest) throws InterruptedException {
    return whole(place -> place.send(get(place, tagOrDigest)), Manifest.MAX_BYTES, digest);
  }

  private HttpRequest get(Place place, String tagOrDigest) {
    return HttpRequest.get(place.endpoint().manifest(reference, tagOrDigest))
        .with("accept", MediaTypes.ALL);
  }

  private Bytes whole(Attempt<HttpResponse> request, int maxBytes, Optional<String> digest)
      throws InterruptedException {
    return fromPlaces(
        place -> {
          try (HttpResponse response = request.from(place)) {
            Bytes bytes = response.bytes(maxBytes);
            if (digest.isPresent() && !Sha256.of(bytes).equals(digest.get())) {
              throw new DigestMismatchException(
                  "got content with the digest "
                      + Sha256.of(bytes)
                      + " in place of "
                      + digest.get());
            }
            return bytes;
          }
        });
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T from(Place place) throws IOException, InterruptedException;
  }

  private <T> T fromPlaces(Attempt<T> attempt) throws InterruptedException {
    List<Place> places = known.get();
    for (Place mirror : places.subList(0, places.size() - 1)) {
      try {
        return attempt.from(mirror);
      } catch (IOException e) {
        // a mirror that does not have it, or fails: the next one, in the end the registry itself
      }
    }
    Place origin = places.getLast();
    for (int failed = 0; ; failed++) {
      try {
        return attempt.from(origin);
      } catch (IOException e) {
        boolean mayPass =
            switch (e) {
              case Place.Refusal refusal -> refusal.fault() == ImageFault.REGISTRY_UNAVAILABLE;
              case DigestMismatchException mismatch -> false;
              case BodyTooLargeException tooLarge -> false;
              default -> !isHopeless(e);
            };
        if (!mayPass || failed + 1 >= backoff.attempts()) {
          throw failure(e);
        }
        Thread.sleep(
            backoff.delay(
                failed, e instanceof Place.Refusal r ? r.retryAfter() : Optional.empty()));
      }
    }
  }

  /** Nobody listens, or the certificate is not trusted: waiting a second changes nothing. */
  static boolean isHopeless(IOException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof java.net.ConnectException
          || t instanceof java.net.UnknownHostException
          || t instanceof javax.net.ssl.SSLException
          || t instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }

  private ImageException failure(IOException e) {
    String why = String.valueOf(e.getMessage());
    return switch (e) {
      case Place.Refusal refusal -> failure(refusal.fault(), why);
      case DigestMismatchException mismatch -> failure(ImageFault.DIGEST_MISMATCH, why);
      case BodyTooLargeException tooLarge -> failure(ImageFault.INVALID_IMAGE, why);
      default -> failure(ImageFault.REGISTRY_UNAVAILABLE, why);
    };
  }

  private ImageException failure(ImageFault fault, String why) {
    return new ImageException(
        fault,
        beforeFailure(reference)
            + (fault == ImageFault.NOT_FOUND ? reference + ": not found" : why));
  }

  /** As containerd words it, whose users know it. */
  private static String beforeFailure(ImageReference reference) {
    return "failed to pull and unpack image \""
        + reference
        + "\": failed to resolve reference \""
        + reference
        + "\": ";
  }

  /** Why a request failed, of a message of a {@link Repository}, for those who do not pull. */
  public static String withoutPull(String message, ImageReference reference) {
    String before = beforeFailure(reference);
    int at = message.indexOf(before);
    return at < 0 ? message : message.substring(at + before.length());
  }
}
