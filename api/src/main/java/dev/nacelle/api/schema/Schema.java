package dev.nacelle.api.schema;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A structural OpenAPI schema with Kubernetes' extensions, read from OpenAPI v2, v3 or a custom
 * resource definition alike. References are followed lazily by name, so recursive schemas work.
 * Immutable, safe for any thread.
 */
public final class Schema {
  /** Accepts anything and keeps it. */
  public static final Schema ANY =
      parse(
          JsonObject.builder().put("x-kubernetes-preserve-unknown-fields", true).build(),
          name -> {
            throw new IllegalStateException("no references here");
          });

  /** The keywords that combine schemas. */
  public enum Combination {
    ALL_OF("allOf"),
    ANY_OF("anyOf"),
    ONE_OF("oneOf"),
    NOT("not");

    private final String keyword;

    Combination(String keyword) {
      this.keyword = keyword;
    }
  }

  /** How lists merge in server-side apply. */
  public enum ListType {
    ATOMIC,
    SET,
    MAP
  }

  private final JsonObject source;
  private final Function<String, Schema> references;
  private final Map<String, Schema> properties;
  private final Optional<Schema> items;
  private final Optional<Schema> additionalProperties;
  private final Map<Combination, List<Schema>> combinations;

  private Schema(JsonObject source, Function<String, Schema> references) {
    this.source = source;
    this.references = references;
    var parsed = new LinkedHashMap<String, Schema>();
    source
        .object("properties")
        .members()
        .forEach(
            (name, value) -> {
              if (value instanceof JsonObject o) {
                parsed.put(name, new Schema(o, references));
              }
            });
    this.properties = java.util.Collections.unmodifiableMap(parsed);
    this.items = child(source, "items", references);
    this.additionalProperties = child(source, "additionalProperties", references);
    this.combinations = combinations(source, references);
  }

  /**
   * Reads a schema.
   *
   * @param references gives the schema of a {@code $ref} by its last path segment; called when the
   *     reference is first followed
   */
  public static Schema parse(JsonObject source, Function<String, Schema> references) {
    return new Schema(source, references);
  }

  private static Optional<Schema> child(
      JsonObject source, String name, Function<String, Schema> references) {
    return source
        .get(name)
        .filter(JsonObject.class::isInstance)
        .map(v -> new Schema((JsonObject) v, references));
  }

  private static Map<Combination, List<Schema>> combinations(
      JsonObject source, Function<String, Schema> references) {
    var result = new java.util.EnumMap<Combination, List<Schema>>(Combination.class);
    for (Combination combination : Combination.values()) {
      Json value = source.get(combination.keyword).orElse(JsonArray.EMPTY);
      JsonArray list = value instanceof JsonArray a ? a : JsonArray.of(value);
      List<Schema> schemas = list.objects().map(o -> new Schema(o, references)).toList();
      if (!schemas.isEmpty()) {
        result.put(combination, schemas);
      }
    }
    return result;
  }

  /** This schema, or the one it refers to. Every other accessor does this by itself. */
  public Schema resolved() {
    Optional<String> reference = referenceName();
    return reference.isEmpty() ? this : references.apply(reference.get()).resolved();
  }

  /**
   * The name of the definition that this schema refers to; of OpenAPI v3's {@code allOf} with one
   * reference too.
   */
  public Optional<String> referenceName() {
    Optional<String> direct = source.string("$ref");
    if (direct.isEmpty() && source.array("allOf").size() == 1) {
      direct = source.array("allOf").objects().findFirst().flatMap(o -> o.string("$ref"));
    }
    return direct.map(r -> r.substring(r.lastIndexOf('/') + 1));
  }

  /** The text it was read from, unresolved. */
  public JsonObject source() {
    return source;
  }

  /** object, array, string, integer, number or boolean; empty where any type may stand. */
  public Optional<String> type() {
    return resolved().source.string("type");
  }

  public Optional<String> format() {
    return resolved().source.string("format");
  }

  /** The description at the place of use, else that of the definition. */
  public String description() {
    return source
        .string("description")
        .or(() -> resolved().source.string("description"))
        .orElse("");
  }

  public Map<String, Schema> properties() {
    return resolved().properties;
  }

  public Optional<Schema> property(String name) {
    return Optional.ofNullable(resolved().properties.get(name));
  }

  public Optional<Schema> items() {
    return resolved().items;
  }

  /** The schema of the values of a map. */
  public Optional<Schema> additionalProperties() {
    return resolved().additionalProperties;
  }

  /** The schema of a member: its property, else that of map values, else nothing is known. */
  public Optional<Schema> member(String name) {
    Optional<Schema> property = property(name);
    return property.isPresent() ? property : additionalProperties();
  }

  public List<String> required() {
    return resolved().source.array("required").strings().toList();
  }

  public JsonArray enumeration() {
    return resolved().source.array("enum");
  }

  /** The default at the place of use, else that of the definition. */
  public Optional<Json> defaultValue() {
    return source.get("default").or(() -> resolved().source.get("default"));
  }

  public boolean isNullable() {
    return flag("nullable");
  }

  public boolean isIntOrString() {
    return flag("x-kubernetes-int-or-string")
        || format().filter("int-or-string"::equals).isPresent();
  }

  public boolean preservesUnknownFields() {
    return flag("x-kubernetes-preserve-unknown-fields");
  }

  public boolean isEmbeddedResource() {
    return flag("x-kubernetes-embedded-resource");
  }

  /** Lists are atomic unless they say otherwise. */
  public ListType listType() {
    return switch (extension("x-kubernetes-list-type").orElse("atomic")) {
      case "set" -> ListType.SET;
      case "map" -> ListType.MAP;
      default -> ListType.ATOMIC;
    };
  }

  public List<String> listMapKeys() {
    JsonArray own = source.array("x-kubernetes-list-map-keys");
    return (own.isEmpty() ? resolved().source.array("x-kubernetes-list-map-keys") : own)
        .strings()
        .toList();
  }

  /** Whether a map or object is owned as a whole. */
  public boolean isAtomicMap() {
    return extension("x-kubernetes-map-type").filter("atomic"::equals).isPresent();
  }

  /**
   * {@code merge}, {@code replace}, {@code retainKeys} or {@code merge,retainKeys}; for strategic
   * merge patches.
   */
  public Optional<String> patchStrategy() {
    return extension("x-kubernetes-patch-strategy");
  }

  public Optional<String> patchMergeKey() {
    return extension("x-kubernetes-patch-merge-key");
  }

  /** CEL rules, as {@code x-kubernetes-validations} holds them. */
  public JsonArray validations() {
    return resolved().source.array("x-kubernetes-validations");
  }

  /** A keyword that has no accessor here: minimum, maxLength, pattern, oneOf, ... */
  public Optional<Json> keyword(String name) {
    return source.get(name).or(() -> resolved().source.get(name));
  }

  /** The schemas that a keyword combines; empty without it, and for a mere reference. */
  public List<Schema> combined(Combination combination) {
    return referenceName().isPresent()
        ? resolved().combined(combination)
        : combinations.getOrDefault(combination, List.of());
  }

  /**
   * Whether members that no schema names are kept: preserve-unknown-fields, a schema that says
   * nothing of its type, or a built-in definition that stands for any JSON.
   */
  public boolean isOpen() {
    if (preservesUnknownFields()) {
      return true;
    }
    Schema target = resolved();
    boolean plain =
        target.properties.isEmpty()
            && target.items.isEmpty()
            && target.additionalProperties.isEmpty();
    boolean untyped = target.type().isEmpty() || (target != this && type().get().equals("object"));
    return plain && untyped && !isIntOrString();
  }

  private boolean flag(String name) {
    return source.bool(name).or(() -> resolved().source.bool(name)).orElse(false);
  }

  private Optional<String> extension(String name) {
    return source.string(name).or(() -> resolved().source.string(name));
  }
}
