package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.registry.MediaTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the registry reads of a manifest: of the OCI image specification or of Docker's second
 * schema, of one image or of several.
 *
 * @param references what it is made of
 * @param artifactType what its descriptor as a referrer says; empty when it has none
 */
record ManifestDocument(
    String mediaType,
    List<Descriptor> references,
    Optional<ContentDigest> subject,
    Optional<String> artifactType,
    JsonObject annotations) {
  /** What a descriptor leads to. */
  enum Kind {
    BLOB,
    MANIFEST,
    /** A layer that may not be distributed: it is fetched from elsewhere and need not be here. */
    FOREIGN
  }

  /** A reference to content. */
  record Descriptor(Kind kind, ContentDigest digest, long sizeBytes) {}

  ManifestDocument {
    references = List.copyOf(references);
  }

  /**
   * @param contentType as the client says; empty when it says none
   * @throws RegistryException MANIFEST_INVALID
   */
  static ManifestDocument parse(String contentType, Bytes body) throws RegistryException {
    JsonObject document;
    try {
      document = JsonReader.readObject(body);
    } catch (JsonSyntaxException e) {
      throw invalid("it is no JSON object: " + e.getMessage());
    }
    String own = document.string("mediaType").orElse("");
    String said = contentType.split(";", 2)[0].strip();
    String mediaType = !said.isEmpty() ? said : !own.isEmpty() ? own : guess(document);
    if (!own.isEmpty() && !own.equals(mediaType)) {
      throw invalid("its mediaType is " + own + ", the content-type " + mediaType);
    }
    if (document.integer("schemaVersion").orElse(0) != 2) {
      throw invalid("its schemaVersion is not 2");
    }
    return switch (mediaType) {
      case MediaTypes.OCI_MANIFEST, MediaTypes.DOCKER_MANIFEST -> image(mediaType, document);
      case MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST -> index(mediaType, document);
      default ->
          throw invalid(
              "its media type "
                  + printable(mediaType)
                  + " is not known here; push an OCI or a Docker version 2 manifest");
    };
  }

  private static String guess(JsonObject document) {
    return document.has("manifests") ? MediaTypes.OCI_INDEX : MediaTypes.OCI_MANIFEST;
  }

  private static String printable(String text) {
    return text.substring(0, Math.min(100, text.length())).replaceAll("[^ -~]", "?");
  }

  private static ManifestDocument image(String mediaType, JsonObject document)
      throws RegistryException {
    if (document.has("manifests")) {
      throw invalid("an image manifest has no manifests");
    }
    var references = new ArrayList<Descriptor>();
    references.add(descriptor(Kind.BLOB, required(document, "config")));
    for (JsonObject layer : objects(document, "layers")) {
      references.add(descriptor(isForeign(layer) ? Kind.FOREIGN : Kind.BLOB, layer));
    }
    Optional<String> type =
        document
            .string("artifactType")
            .filter(text -> !text.isEmpty())
            .or(() -> document.object("config").string("mediaType"));
    return new ManifestDocument(
        mediaType, references, subject(document), type, document.object("annotations"));
  }

  private static ManifestDocument index(String mediaType, JsonObject document)
      throws RegistryException {
    if (document.has("layers") || document.has("config")) {
      throw invalid("an index has neither config nor layers");
    }
    var references = new ArrayList<Descriptor>();
    for (JsonObject child : objects(document, "manifests")) {
      references.add(descriptor(isImage(child) ? Kind.MANIFEST : Kind.BLOB, child));
    }
    return new ManifestDocument(
        mediaType,
        references,
        subject(document),
        document.string("artifactType").filter(text -> !text.isEmpty()),
        document.object("annotations"));
  }

  /** An index may lead to other things than manifests; those are blobs. */
  private static boolean isImage(JsonObject child) {
    return switch (child.string("mediaType").orElse(MediaTypes.OCI_MANIFEST)) {
      case MediaTypes.OCI_MANIFEST,
          MediaTypes.OCI_INDEX,
          MediaTypes.DOCKER_MANIFEST,
          MediaTypes.DOCKER_LIST ->
          true;
      default -> false;
    };
  }

  private static boolean isForeign(JsonObject layer) {
    String type = layer.string("mediaType").orElse("");
    return type.contains(".nondistributable.") || type.contains(".foreign.");
  }

  private static JsonObject required(JsonObject document, String name) throws RegistryException {
    return switch (document.get(name).orElse(JsonObject.EMPTY)) {
      case JsonObject object when !object.isEmpty() -> object;
      default -> throw invalid("it has no " + name);
    };
  }

  private static List<JsonObject> objects(JsonObject document, String name)
      throws RegistryException {
    Optional<Json> value = document.get(name);
    if (value.isEmpty() || !(value.get() instanceof dev.nacelle.base.json.JsonArray array)) {
      throw invalid("it has no array " + name);
    }
    var objects = new ArrayList<JsonObject>();
    for (Json item : array) {
      if (!(item instanceof JsonObject object)) {
        throw invalid("an item of its " + name + " is no descriptor");
      }
      objects.add(object);
    }
    return objects;
  }

  private static Descriptor descriptor(Kind kind, JsonObject object) throws RegistryException {
    OptionalLong size = object.integer("size");
    if (size.isEmpty() || size.getAsLong() < 0) {
      throw invalid("a descriptor of it has no size");
    }
    return new Descriptor(kind, digest(object), size.getAsLong());
  }

  private static ContentDigest digest(JsonObject object) throws RegistryException {
    String text =
        object.get("digest").orElse(JsonObject.EMPTY) instanceof JsonString(var value) ? value : "";
    return ContentDigest.parse(text)
        .orElseThrow(
            () -> invalid("a descriptor has no digest that is known here: " + printable(text)));
  }

  private static Optional<ContentDigest> subject(JsonObject document) throws RegistryException {
    return switch (document.get("subject").orElse(JsonObject.EMPTY)) {
      case JsonObject object when object.isEmpty() -> Optional.empty();
      case JsonObject object -> Optional.of(digest(object));
      case dev.nacelle.base.json.JsonNull none -> Optional.empty();
      default -> throw invalid("its subject is no descriptor");
    };
  }

  private static RegistryException invalid(String why) {
    return new RegistryException(ErrorCode.MANIFEST_INVALID, "cannot store the manifest: " + why);
  }

  /** Its descriptor in the list of its subject's referrers. */
  JsonObject asReferrer(ContentDigest digest, long sizeBytes) {
    var descriptor =
        JsonObject.builder()
            .put("mediaType", mediaType)
            .put("digest", digest.toString())
            .put("size", sizeBytes);
    artifactType.ifPresent(type -> descriptor.put("artifactType", type));
    if (!annotations.isEmpty()) {
      descriptor.put("annotations", annotations);
    }
    return descriptor.build();
  }
}
