package dev.nacelle.api.kinds.certificates;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The conditions of a certificate request: an approver decides, a signer reports, and neither takes
 * anything back.
 */
final class RequestConditions {
  private static final List<String> DECISIONS = List.of("Approved", "Denied");
  private static final List<String> LASTING = List.of("Approved", "Denied", "Failed");

  private RequestConditions() {}

  /** Through which subresource the conditions come. */
  enum Writer {
    APPROVER,
    SIGNER
  }

  /** The conditions sent, with times where they have none. */
  static JsonArray dated(JsonArray sent, JsonArray old, Instant now) {
    Json time = Json.of(KubeObject.formatTime(now));
    return new JsonArray(
        sent.objects()
            .map(
                condition ->
                    (Json)
                        Edit.of(condition)
                            .absent("lastUpdateTime", time)
                            .absent("lastTransitionTime", transition(condition, old).orElse(time))
                            .done())
            .toList());
  }

  /** When the condition came into the state that it is in already. */
  private static Optional<Json> transition(JsonObject condition, JsonArray old) {
    return old.objects()
        .filter(
            o ->
                o.string("type").equals(condition.string("type"))
                    && o.string("status").equals(condition.string("status")))
        .findFirst()
        .flatMap(o -> o.get("lastTransitionTime"));
  }

  /** The conditions sent, with the decisions as they were unless some were added or removed. */
  static JsonArray withOldDecisions(JsonArray sent, JsonArray old) {
    var result = new ArrayList<Json>();
    sent.objects()
        .forEach(
            condition -> {
              List<JsonObject> before = ofType(old, type(condition));
              boolean isKept =
                  DECISIONS.contains(type(condition))
                      && before.size() == 1
                      && ofType(sent, type(condition)).size() == 1;
              result.add(isKept ? before.getFirst() : condition);
            });
    return new JsonArray(result);
  }

  static List<FieldError> faults(KubeObject object, KubeObject old, Writer writer) {
    var errors = new ArrayList<FieldError>();
    JsonArray now = object.status().array("conditions");
    JsonArray before = old.status().array("conditions");
    Check status = Check.of(object.status(), "status", errors);
    each(status, now);
    for (String type : LASTING) {
      if (ofType(now, type).size() < ofType(before, type).size()) {
        status.forbidden(
            "conditions", "updates may not remove a condition of type \"%s\"".formatted(type));
      }
    }
    if (writer == Writer.SIGNER) {
      for (String type : DECISIONS) {
        if (ofType(now, type).size() > ofType(before, type).size()) {
          status.forbidden(
              "conditions", "updates may not add a condition of type \"%s\"".formatted(type));
        }
      }
    }
    return errors;
  }

  /** Decisions and failures are true, and there is one of each at most. */
  private static void each(Check status, JsonArray conditions) {
    status.each(
        "conditions",
        (item, at) -> {
          Check condition = Check.of(item, at, status.errors());
          condition.needs("type");
          if (LASTING.contains(condition.text("type"))) {
            condition.oneOf("status", "True");
          } else {
            condition.oneOf("status", "False", "True", "Unknown");
          }
        });
    conditions
        .objects()
        .map(RequestConditions::type)
        .filter(DECISIONS::contains)
        .distinct()
        .skip(1)
        .forEach(
            type ->
                status
                    .errors()
                    .add(
                        FieldError.invalid(
                            "status.conditions",
                            Json.of(type),
                            "Approved and Denied conditions are mutually exclusive")));
    status.unique("conditions", "type");
  }

  private static List<JsonObject> ofType(JsonArray conditions, String type) {
    return conditions.objects().filter(c -> type(c).equals(type)).toList();
  }

  private static String type(JsonObject condition) {
    return condition.string("type").orElse("");
  }
}
