package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.ImageException;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A kind of artifact beside an image that is one blob. Annotations of its manifest name the blob
 * and when it was made; registries copy them into the list of referrers, so that who has the list
 * need not fetch the manifest. Where they did not, the manifest says it.
 *
 * @param artifactType of the manifest
 * @param blobType media type of the blob
 */
public record BlobReferrer(String artifactType, String blobType) {
  /** As the OCI image specification has it. */
  private static final String CREATED = "org.opencontainers.image.created";

  private static final String HOST = "dev.nacelle.host";
  private static final String DIGEST = "dev.nacelle.blob.digest";
  private static final String SIZE = "dev.nacelle.blob.size";
  private static final String EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
  private static final Bytes EMPTY = Bytes.utf8("{}");

  /** The descriptor of a blob of this kind. */
  public Descriptor blob(String digest, long sizeBytes) {
    return new Descriptor(blobType, digest, sizeBytes, Optional.empty());
  }

  /**
   * Stores the blob and the manifest that ties it to its subject.
   *
   * @param created the newest is believed first
   * @param annotations further ones
   */
  public Referrer publish(
      ReferrerPlace place,
      Descriptor subject,
      Descriptor blob,
      HttpRequest.Source content,
      Instant created,
      Map<String, String> annotations)
      throws IOException, InterruptedException {
    place.pushBlob(blob, content);
    place.pushBlob(Descriptor.of(EMPTY_TYPE, EMPTY), EMPTY::asInputStream);
    var all = new TreeMap<>(annotations);
    all.put(CREATED, created.toString());
    all.put(DIGEST, blob.digest());
    all.put(SIZE, String.valueOf(blob.sizeBytes()));
    List<Json> layers = List.of(blob.toJson());
    Bytes manifest =
        JsonWriter.write(
            JsonObject.builder()
                .put("schemaVersion", 2)
                .put("mediaType", MediaTypes.OCI_MANIFEST)
                .put("artifactType", artifactType)
                .put("config", Descriptor.of(EMPTY_TYPE, EMPTY).toJson())
                .put("layers", new JsonArray(layers))
                .put("subject", subject.toJson())
                .putStrings("annotations", all)
                .build());
    return place.pushReferrer(subject.digest(), MediaTypes.OCI_MANIFEST, artifactType, manifest);
  }

  /** Those of this kind, the newest first. */
  public List<Referrer> among(List<Referrer> referrers) {
    return referrers.stream()
        .filter(r -> r.artifactType().equals(artifactType))
        .sorted(Comparator.comparing((Referrer r) -> created(r).orElse(Instant.MIN)).reversed())
        .toList();
  }

  /** The annotation that says which host made it; none where that is not known. */
  public static Map<String, String> madeBy(String host) {
    return host.isEmpty() ? Map.of() : Map.of(HOST, host);
  }

  /** Which host made it; empty where the list does not say. */
  public static String host(Referrer referrer) {
    return referrer.annotations().getOrDefault(HOST, "");
  }

  /** When it was made, if the list says so. */
  public static Optional<Instant> created(Referrer referrer) {
    try {
      return Optional.of(Instant.parse(referrer.annotations().getOrDefault(CREATED, "")));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  /** The blob, as far as the list of referrers names it. */
  public Optional<Descriptor> blobOf(Referrer referrer) {
    String size = referrer.annotations().getOrDefault(SIZE, "");
    if (!size.matches("[0-9]{1,15}")) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          blob(referrer.annotations().getOrDefault(DIGEST, ""), Long.parseLong(size)));
    } catch (ImageException e) {
      return Optional.empty(); // no digest
    }
  }

  /**
   * The blob, as the manifest has it; empty if it is not one of this kind and of this subject.
   *
   * @param subject digest
   */
  public Optional<Descriptor> blobOf(Bytes manifest, String subject) {
    try {
      JsonObject json = JsonReader.readObject(manifest);
      List<JsonObject> layers = json.array("layers").objects().toList();
      boolean ours =
          json.string("artifactType").orElse("").equals(artifactType)
              && json.string("subject", "digest").orElse("").equals(subject)
              && layers.size() == 1;
      return ours
          ? Optional.of(Descriptor.of(layers.getFirst()))
              .filter(blob -> blob.mediaType().equals(blobType))
          : Optional.empty();
    } catch (JsonSyntaxException | ImageException e) {
      return Optional.empty();
    }
  }

  /**
   * The blob of a referrer: without a request if the list names it, else by its manifest.
   *
   * @param subject digest
   * @throws ImageException if the registry cannot be asked
   */
  public Optional<Descriptor> blobOf(Repository repository, Referrer referrer, String subject)
      throws InterruptedException {
    Optional<Descriptor> named = blobOf(referrer);
    return named.isPresent()
        ? named
        : blobOf(repository.manifest(referrer.descriptor().digest()), subject);
  }
}
