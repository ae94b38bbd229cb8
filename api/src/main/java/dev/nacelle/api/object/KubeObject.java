package dev.nacelle.api.object;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An object of the API: an immutable JSON tree with typed access to its type and metadata. Nothing
 * is assumed of the tree: an absent or ill-typed field reads as empty. Safe for any thread.
 */
public record KubeObject(JsonObject json) {

  /** An object with {@code apiVersion}, {@code kind} and {@code metadata.name/namespace} only. */
  public static KubeObject of(GroupVersionKind type, ObjectKey key) {
    var metadata = JsonObject.builder().put("name", key.name());
    if (!key.namespace().isEmpty()) {
      metadata.put("namespace", key.namespace());
    }
    return new KubeObject(
        JsonObject.builder()
            .put("apiVersion", type.apiVersion())
            .put("kind", type.kind())
            .put("metadata", metadata.build())
            .build());
  }

  public String apiVersion() {
    return json.string("apiVersion").orElse("");
  }

  public String kind() {
    return json.string("kind").orElse("");
  }

  public GroupVersionKind groupVersionKind() {
    return GroupVersionKind.of(apiVersion(), kind());
  }

  public JsonObject metadata() {
    return json.object("metadata");
  }

  public String name() {
    return meta("name");
  }

  public String namespace() {
    return meta("namespace");
  }

  public ObjectKey key() {
    return new ObjectKey(namespace(), name());
  }

  public String uid() {
    return meta("uid");
  }

  public String resourceVersion() {
    return meta("resourceVersion");
  }

  public String generateName() {
    return meta("generateName");
  }

  /** {@code metadata.generation}, 0 where absent. */
  public long generation() {
    return json.integer("metadata", "generation").orElse(0);
  }

  public Map<String, String> labels() {
    return json.strings("metadata", "labels");
  }

  public Optional<String> label(String name) {
    return json.string("metadata", "labels", name);
  }

  public Map<String, String> annotations() {
    return json.strings("metadata", "annotations");
  }

  public Optional<String> annotation(String name) {
    return json.string("metadata", "annotations", name);
  }

  public List<String> finalizers() {
    return json.array("metadata", "finalizers").strings().toList();
  }

  public List<OwnerReference> ownerReferences() {
    return json.array("metadata", "ownerReferences").objects().map(OwnerReference::of).toList();
  }

  /** The owner that manages this object. */
  public Optional<OwnerReference> controller() {
    return ownerReferences().stream().filter(OwnerReference::isController).findFirst();
  }

  public boolean isControlledBy(KubeObject owner) {
    return controller().filter(o -> o.uid().equals(owner.uid())).isPresent();
  }

  public Optional<Instant> creationTimestamp() {
    return instant("metadata", "creationTimestamp");
  }

  public Optional<Instant> deletionTimestamp() {
    return instant("metadata", "deletionTimestamp");
  }

  public boolean isBeingDeleted() {
    return json.string("metadata", "deletionTimestamp").isPresent();
  }

  public JsonObject spec() {
    return json.object("spec");
  }

  public JsonObject status() {
    return json.object("status");
  }

  /** The time at a path, in RFC 3339. */
  public Optional<Instant> instant(String... path) {
    return json.string(path).flatMap(KubeObject::parseTime);
  }

  public KubeObject withMetadata(String name, Json value) {
    return new KubeObject(json.with("metadata", metadata().with(name, value)));
  }

  public KubeObject withoutMetadata(String name) {
    return new KubeObject(json.withoutAt("metadata", name));
  }

  public KubeObject withLabel(String name, String value) {
    return new KubeObject(json.withAt(Json.of(value), "metadata", "labels", name));
  }

  public KubeObject withAnnotation(String name, String value) {
    return new KubeObject(json.withAt(Json.of(value), "metadata", "annotations", name));
  }

  public KubeObject withOwner(OwnerReference owner) {
    JsonArray owners = json.array("metadata", "ownerReferences").plus(owner.toJson());
    return withMetadata("ownerReferences", owners);
  }

  public KubeObject withFinalizers(List<String> finalizers) {
    return finalizers.isEmpty()
        ? withoutMetadata("finalizers")
        : withMetadata("finalizers", JsonArray.ofStrings(finalizers));
  }

  public KubeObject withSpec(JsonObject spec) {
    return new KubeObject(json.with("spec", spec));
  }

  public KubeObject withStatus(JsonObject status) {
    return new KubeObject(json.with("status", status));
  }

  /** As {@code metav1.Time} is written: RFC 3339, whole seconds, UTC. */
  public static String formatTime(Instant time) {
    return DateTimeFormatter.ISO_INSTANT.format(time.truncatedTo(ChronoUnit.SECONDS));
  }

  /** As {@code metav1.MicroTime} is written: RFC 3339 with six decimals, UTC. */
  public static String formatMicroTime(Instant time) {
    var text = DateTimeFormatter.ISO_INSTANT.format(time.truncatedTo(ChronoUnit.SECONDS));
    return "%s.%06dZ".formatted(text.substring(0, text.length() - 1), time.getNano() / 1000);
  }

  private static Optional<Instant> parseTime(String text) {
    try {
      return Optional.of(DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private String meta(String name) {
    return json.string("metadata", name).orElse("");
  }
}
