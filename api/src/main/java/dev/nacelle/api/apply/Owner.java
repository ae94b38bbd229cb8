package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;

/**
 * One manager's entry.
 *
 * @param time empty where the entry has none
 */
record Owner(Id id, String apiVersion, FieldSet fields, Optional<Instant> time) {

  /** How a manager came to own. */
  enum Operation {
    APPLY("Apply"),
    UPDATE("Update");

    private final String text;

    Operation(String text) {
      this.text = text;
    }
  }

  /**
   * What tells entries apart.
   *
   * @param apiVersion of updates; empty for appliers, who have one entry whatever the version
   */
  record Id(String manager, Operation operation, String apiVersion, String subresource) {

    static Id applier(FieldWriter writer) {
      return new Id(writer.manager(), Operation.APPLY, "", writer.subresource());
    }

    static Id updater(FieldWriter writer) {
      return new Id(writer.manager(), Operation.UPDATE, writer.apiVersion(), writer.subresource());
    }

    boolean isApplier() {
      return operation == Operation.APPLY;
    }

    /** As messages of conflicts name it. */
    @Override
    public String toString() {
      String text = "\"" + manager + "\"";
      if (!subresource.isEmpty()) {
        text += " with subresource \"" + subresource + "\"";
      }
      return isApplier() ? text : text + " using " + apiVersion;
    }
  }

  /** The order of entries in an object. */
  static final Comparator<Owner> ORDER =
      Comparator.comparing((Owner o) -> o.id.operation)
          .thenComparing(o -> o.time.map(Instant::getEpochSecond).orElse(Long.MIN_VALUE))
          .thenComparing(o -> o.id.manager)
          .thenComparing(Owner::apiVersion)
          .thenComparing(o -> o.id.subresource);

  Owner with(FieldSet next) {
    return new Owner(id, apiVersion, next, time);
  }

  boolean sameButTime(Owner other) {
    return id.equals(other.id)
        && apiVersion.equals(other.apiVersion)
        && fields.equals(other.fields);
  }

  Owner at(Instant instant) {
    return new Owner(id, apiVersion, fields, Optional.of(instant));
  }

  JsonObject toJson() {
    var json =
        JsonObject.builder()
            .put("manager", id.manager)
            .put("operation", id.operation.text)
            .put("apiVersion", apiVersion);
    time.ifPresent(t -> json.put("time", KubeObject.formatTime(t)));
    json.put("fieldsType", "FieldsV1").put("fieldsV1", fields.toFieldsV1());
    if (!id.subresource.isEmpty()) {
      json.put("subresource", id.subresource);
    }
    return json.build();
  }

  /**
   * @throws IllegalArgumentException if the entry is malformed
   */
  static Owner parse(JsonObject json) {
    String apiVersion = json.string("apiVersion").orElse("");
    boolean wellFormed =
        json.string("fieldsType").orElse("FieldsV1").equals("FieldsV1") && !apiVersion.isEmpty();
    Operation operation =
        switch (json.string("operation").orElse("")) {
          case "Apply" -> Operation.APPLY;
          case "Update" -> Operation.UPDATE;
          default -> throw new IllegalArgumentException("invalid operation of a managed field");
        };
    if (!wellFormed) {
      throw new IllegalArgumentException("invalid entry of managed fields");
    }
    var id =
        new Id(
            json.string("manager").orElse(""),
            operation,
            operation == Operation.APPLY ? "" : apiVersion,
            json.string("subresource").orElse(""));
    Optional<Instant> time =
        new KubeObject(json)
            .instant("time")
            .map(t -> t.truncatedTo(java.time.temporal.ChronoUnit.SECONDS));
    return new Owner(id, apiVersion, FieldSet.parse(json.object("fieldsV1")), time);
  }
}
