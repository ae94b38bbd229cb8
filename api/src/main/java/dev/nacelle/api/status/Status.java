package dev.nacelle.api.status;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** A {@code meta/v1 Status} that reports a failure. */
public record Status(int code, String reason, String message, Details details) {

  /** What the failure is about. Empty strings and lists are not written. */
  public record Details(
      String group,
      String kind,
      String name,
      String uid,
      List<Cause> causes,
      OptionalInt retryAfterSeconds) {
    public static final Details NONE = new Details("", "", "", "", List.of(), OptionalInt.empty());

    public Details {
      causes = List.copyOf(causes);
    }
  }

  /**
   * One reason of the failure; {@code field} is a path such as {@code spec.containers[0].image}.
   */
  public record Cause(String reason, String message, String field) {}

  public JsonObject toJson() {
    var result =
        JsonObject.builder()
            .put("kind", "Status")
            .put("apiVersion", "v1")
            .put("metadata", JsonObject.EMPTY)
            .put("status", "Failure")
            .put("message", message);
    if (!reason.isEmpty()) {
      result.put("reason", reason);
    }
    JsonObject d = detailsJson();
    if (!d.isEmpty()) {
      result.put("details", d);
    }
    return result.put("code", code).build();
  }

  private JsonObject detailsJson() {
    var result = JsonObject.builder();
    putText(result, "name", details.name());
    putText(result, "group", details.group());
    putText(result, "kind", details.kind());
    putText(result, "uid", details.uid());
    if (!details.causes().isEmpty()) {
      result.put(
          "causes", new JsonArray(details.causes().stream().map(Status::causeJson).toList()));
    }
    details.retryAfterSeconds().ifPresent(s -> result.put("retryAfterSeconds", s));
    return result.build();
  }

  private static Json causeJson(Cause cause) {
    var result = JsonObject.builder();
    putText(result, "reason", cause.reason());
    putText(result, "message", cause.message());
    putText(result, "field", cause.field());
    return result.build();
  }

  private static void putText(JsonObject.Builder builder, String name, String value) {
    if (!value.isEmpty()) {
      builder.put(name, value);
    }
  }

  /** Reads a status that a server sent; absent fields are empty. */
  public static Status of(JsonObject json) {
    JsonObject d = json.object("details");
    return new Status(
        (int) json.integer("code").orElse(500),
        json.string("reason").orElse(""),
        json.string("message").orElse(""),
        new Details(
            d.string("group").orElse(""),
            d.string("kind").orElse(""),
            d.string("name").orElse(""),
            d.string("uid").orElse(""),
            d.array("causes")
                .objects()
                .map(
                    c ->
                        new Cause(
                            c.string("reason").orElse(""),
                            c.string("message").orElse(""),
                            c.string("field").orElse("")))
                .toList(),
            retryAfter(d)));
  }

  private static OptionalInt retryAfter(JsonObject details) {
    Optional<Long> seconds = details.integer("retryAfterSeconds").stream().boxed().findFirst();
    return seconds.map(s -> OptionalInt.of(s.intValue())).orElse(OptionalInt.empty());
  }
}
