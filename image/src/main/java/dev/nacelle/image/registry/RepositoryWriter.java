package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Pushes to one repository. Every operation may be repeated; failures that may pass are tried again
 * with back-off. Safe for any thread.
 *
 * @see <a
 *     href="https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#push">Push</a>
 */
public final class RepositoryWriter implements ReferrerPlace {
  private static final Set<Integer> FOUND = Set.of(200);
  private static final Set<Integer> ACCEPTED = Set.of(202);
  private static final Set<Integer> CREATED = Set.of(201);

  /** Gone, whoever did it. */
  private static final Set<Integer> GONE = Set.of(200, 202, 204, 404);

  /** Gone, or the registry deletes nothing, or not for us. */
  private static final Set<Integer> GONE_OR_KEPT = Set.of(200, 202, 204, 400, 401, 403, 404, 405);

  private static final int LIST_ATTEMPTS = 8;

  private final ImageReference reference;
  private final Place place;
  private final Place deleting;
  private final Backoff backoff;

  /**
   * @param place to push to
   * @param deleting the same, for deletions
   */
  RepositoryWriter(ImageReference reference, Place place, Place deleting, Backoff backoff) {
    this.reference = reference;
    this.place = place;
    this.deleting = deleting;
    this.backoff = backoff;
  }

  /** Pushes a blob in one piece, unless it is there. The registry verifies its digest. */
  @Override
  public void pushBlob(Descriptor descriptor, HttpRequest.Source content)
      throws InterruptedException {
    persistently(
        () -> {
          if (!hasBlob(descriptor)) {
            upload(descriptor, content);
          }
          return descriptor;
        });
  }

  private boolean hasBlob(Descriptor descriptor) throws IOException, InterruptedException {
    URI uri = place.endpoint().blob(reference, descriptor.digest());
    try (HttpResponse response = place.send(HttpRequest.of("HEAD", uri), FOUND)) {
      return true;
    } catch (Place.Refusal e) {
      if (e.fault() == ImageFault.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private void upload(Descriptor descriptor, HttpRequest.Source content)
      throws IOException, InterruptedException {
    URI uploads = place.endpoint().uploads(reference);
    URI session;
    try (HttpResponse begun = place.send(HttpRequest.of("POST", uploads), ACCEPTED)) {
      session = uploads.resolve(begun.headers().first("location").orElse(""));
    } catch (IllegalArgumentException e) {
      throw new IOException("the registry names a malformed place for the upload", e);
    }
    String separator = session.getRawQuery() == null ? "?" : "&";
    HttpRequest put =
        HttpRequest.of("PUT", URI.create(session + separator + "digest=" + descriptor.digest()))
            .with("content-type", "application/octet-stream")
            .with(new HttpRequest.Body.Streamed(content, descriptor.sizeBytes()));
    boolean same = place.endpoint().serves(session);
    try (HttpResponse done = same ? place.send(put, CREATED) : place.sendElsewhere(put, CREATED)) {
      done.bytes(Manifest.MAX_BYTES); // the connection may then be used again
    }
  }

  /**
   * Pushes a manifest whose blobs are there.
   *
   * @param tag empty to push it by its digest alone
   */
  public Descriptor pushManifest(String mediaType, Bytes manifest, Optional<String> tag)
      throws InterruptedException {
    Descriptor descriptor = Descriptor.of(mediaType, manifest);
    persistently(() -> put(mediaType, manifest, tag.orElse(descriptor.digest())));
    return descriptor;
  }

  /** The digest whose referrers the registry has noted, if it keeps such lists. */
  private Optional<String> put(String mediaType, Bytes manifest, String tagOrDigest)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.of("PUT", place.endpoint().manifest(reference, tagOrDigest))
            .with("content-type", mediaType)
            .with(manifest);
    try (HttpResponse response = place.send(request, CREATED)) {
      response.bytes(Manifest.MAX_BYTES);
      return response.headers().first("oci-subject");
    }
  }

  /**
   * Pushes a manifest that has a subject, and sees to it that it is found among the subject's
   * referrers: where the registry keeps no such lists, in the index tagged {@code sha256-HEX}. Two
   * that change this index at once may overwrite one another, so it is read again until ours is in:
   * losing one is unlikely then, not impossible, for registries cannot compare and set.
   *
   * @param subject digest of the manifest that this one refers to
   */
  @Override
  public Referrer pushReferrer(
      String subject, String mediaType, String artifactType, Bytes manifest)
      throws InterruptedException {
    Descriptor descriptor = Descriptor.of(mediaType, manifest);
    var referrer = new Referrer(descriptor, artifactType, annotations(manifest));
    Optional<String> noted = persistently(() -> put(mediaType, manifest, descriptor.digest()));
    if (noted.isEmpty()) {
      addToTaggedList(subject, referrer);
    }
    return referrer;
  }

  /** A list of referrers has the annotations of their manifests. */
  private static Map<String, String> annotations(Bytes manifest) {
    try {
      return JsonReader.readObject(manifest).strings("annotations");
    } catch (JsonSyntaxException e) {
      throw new IllegalArgumentException("a manifest that is no JSON", e);
    }
  }

  private void addToTaggedList(String subject, Referrer referrer) throws InterruptedException {
    String digest = referrer.descriptor().digest();
    changeTaggedList(
        subject,
        entries -> entries.stream().anyMatch(e -> isOf(e, digest)),
        entries -> {
          var more = new ArrayList<>(entries);
          more.add(referrer.toJson());
          return more;
        });
  }

  private void removeFromTaggedList(String subject, Set<String> digests)
      throws InterruptedException {
    changeTaggedList(
        subject,
        entries -> entries.stream().noneMatch(e -> digests.stream().anyMatch(d -> isOf(e, d))),
        entries ->
            entries.stream().filter(e -> digests.stream().noneMatch(d -> isOf(e, d))).toList());
  }

  private static boolean isOf(Json entry, String digest) {
    return entry instanceof JsonObject json && json.string("digest").orElse("").equals(digest);
  }

  /** Changes the list until it has been read as it should be. */
  private void changeTaggedList(
      String subject, Predicate<List<Json>> done, UnaryOperator<List<Json>> change)
      throws InterruptedException {
    var lists = new ReferrerList(place, reference);
    for (int attempt = 0; attempt < LIST_ATTEMPTS; attempt++) {
      List<Json> present = entries(persistently(() -> lists.tagged(subject)));
      if (done.test(present)) {
        return;
      }
      if (attempt > 0) {
        Thread.sleep(backoff.delay(attempt - 1, Optional.empty()));
      }
      Bytes index = index(change.apply(present));
      String tag = ReferrerList.tag(subject);
      persistently(() -> put(MediaTypes.OCI_INDEX, index, tag));
    }
    if (!done.test(entries(persistently(() -> lists.tagged(subject))))) {
      throw new ImageException(
          ImageFault.REGISTRY_UNAVAILABLE,
          "cannot change the list of the referrers of "
              + subject
              + " in "
              + reference.repository()
              + ": others overwrite it; try again");
    }
  }

  private static List<Json> entries(Optional<JsonObject> index) {
    return index.map(i -> i.array("manifests").items()).orElse(List.of());
  }

  @Override
  public List<Referrer> removeReferrers(String subject, List<Referrer> referrers)
      throws InterruptedException {
    if (referrers.isEmpty()) {
      return List.of();
    }
    boolean tagged = !place.referrers().isByApi() && isTagged(subject);
    if (tagged) {
      removeFromTaggedList(
          subject,
          referrers.stream().map(r -> r.descriptor().digest()).collect(Collectors.toSet()));
    }
    var kept = new ArrayList<Referrer>();
    for (Referrer referrer : referrers) {
      // who refuses one refuses all
      if (!kept.isEmpty() || !delete(referrer.descriptor().digest())) {
        kept.add(referrer);
      }
    }
    return tagged ? List.of() : kept;
  }

  private boolean isTagged(String subject) throws InterruptedException {
    var lists = new ReferrerList(place, reference);
    return persistently(() -> lists.tagged(subject)).isPresent();
  }

  /** Whether a manifest is gone now. */
  private boolean delete(String digest) throws InterruptedException {
    HttpRequest request = HttpRequest.of("DELETE", deleting.endpoint().manifest(reference, digest));
    try {
      return persistently(
          () -> {
            try (HttpResponse response = deleting.send(request, GONE_OR_KEPT)) {
              response.bytes(Manifest.MAX_BYTES);
              return GONE.contains(response.status());
            }
          });
    } catch (ImageException e) {
      if (e.fault() == ImageFault.UNAUTHORIZED) {
        return false;
      }
      throw e;
    }
  }

  private static Bytes index(List<Json> entries) {
    return JsonWriter.write(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_INDEX)
            .put("manifests", new JsonArray(entries))
            .build());
  }

  @FunctionalInterface
  private interface Attempt<T> {
    T make() throws IOException, InterruptedException;
  }

  private <T> T persistently(Attempt<T> attempt) throws InterruptedException {
    for (int failed = 0; ; failed++) {
      try {
        return attempt.make();
      } catch (IOException e) {
        Optional<Place.Refusal> refusal =
            e instanceof Place.Refusal r ? Optional.of(r) : Optional.empty();
        ImageFault fault =
            refusal.map(Place.Refusal::fault).orElse(ImageFault.REGISTRY_UNAVAILABLE);
        boolean mayPass = fault == ImageFault.REGISTRY_UNAVAILABLE && !Repository.isHopeless(e);
        if (!mayPass || failed + 1 >= backoff.attempts()) {
          throw new ImageException(
              fault, "cannot push to " + reference.repository() + ": " + e.getMessage(), e);
        }
        Thread.sleep(backoff.delay(failed, refusal.flatMap(Place.Refusal::retryAfter)));
      }
    }
  }
}
