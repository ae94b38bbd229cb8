package dev.nacelle.apiserver.audit;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.audit.AuditScope.ManagedFields;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** Notes what happens to one request and writes its events, {@code audit.k8s.io/v1 Event}s. */
final class RequestTrail implements AuditTrail {
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /** A Status is short; objects are read only where they are wanted. */
  private static final int MAX_STATUS_BYTES = 64 << 10;

  private static final byte[] STATUS_BEGIN = Bytes.utf8("{\"kind\":\"Status\"").toByteArray();

  private final Audit audit;
  private final AuditScope scope;
  private final AuditRequest request;
  private final Instant received;

  private Optional<Identity> actsAs = Optional.empty();
  private Optional<Decision> decision = Optional.empty();
  private JsonObject reference;
  private Optional<Json> sent = Optional.empty();
  private Optional<Json> answer = Optional.empty();
  private Optional<JsonObject> status = Optional.empty();
  private boolean truncated;
  private boolean broken;

  RequestTrail(Audit audit, AuditScope scope, AuditRequest request, Instant received) {
    this.audit = audit;
    this.scope = scope;
    this.request = request;
    this.received = received;
    this.reference = reference(request.attributes().target());
  }

  /** Writes that the request came. */
  synchronized RequestTrail begin() {
    write(AuditStage.REQUEST_RECEIVED, received);
    return this;
  }

  private static JsonObject reference(Attributes.Target target) {
    return switch (target) {
      case Attributes.Path _ -> JsonObject.EMPTY;
      case Attributes.Resource r -> {
        var result = JsonObject.builder();
        putText(result, "resource", r.resource());
        putText(result, "namespace", r.namespace());
        putText(result, "name", r.name());
        putText(result, "apiGroup", r.group());
        putText(result, "apiVersion", r.version());
        putText(result, "subresource", r.subresource());
        yield result.build();
      }
    };
  }

  private static void putText(JsonObject.Builder builder, String name, String value) {
    if (!value.isEmpty()) {
      builder.put(name, value);
    }
  }

  @Override
  public synchronized void impersonated(Identity identity) {
    actsAs = Optional.of(identity);
  }

  @Override
  public synchronized void decided(Decision said) {
    if (decision.isEmpty()) {
      decision = Optional.of(said);
    }
  }

  @Override
  public synchronized void asked(JsonObject object) {
    JsonObject metadata = object.object("metadata");
    for (String field : List.of("namespace", "name", "uid", "resourceVersion")) {
      Optional<String> value = metadata.string(field).filter(text -> !text.isEmpty());
      if (value.isPresent() && !reference.has(field)) {
        reference = reference.with(field, Json.of(value.get()));
      }
    }
    if (scope.level().includes(AuditLevel.REQUEST)) {
      sent = Optional.of(fit(object));
    }
  }

  @Override
  public synchronized void patched(Json patch) {
    if (scope.level().includes(AuditLevel.REQUEST)) {
      sent = Optional.of(patch);
    }
  }

  @Override
  public synchronized void answered(int code) {
    answeredWith(code, Optional.empty());
  }

  @Override
  public synchronized void answered(int code, Bytes json) {
    boolean wanted = scope.level().includes(AuditLevel.REQUEST_RESPONSE);
    if (wanted && json.sizeBytes() > Audit.MAX_EVENT_BYTES) {
      truncated = true;
    }
    boolean isRead = isStatus(json) || (wanted && json.sizeBytes() <= Audit.MAX_EVENT_BYTES);
    answeredWith(code, isRead ? read(json) : Optional.empty());
  }

  private static boolean isStatus(Bytes json) {
    if (json.sizeBytes() < STATUS_BEGIN.length || json.sizeBytes() > MAX_STATUS_BYTES) {
      return false;
    }
    for (int i = 0; i < STATUS_BEGIN.length; i++) {
      if (json.at(i) != STATUS_BEGIN[i]) {
        return false;
      }
    }
    return true;
  }

  private static Optional<JsonObject> read(Bytes json) {
    try {
      return JsonReader.read(json) instanceof JsonObject object
          ? Optional.of(object)
          : Optional.empty();
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  @Override
  public synchronized void answered(int code, JsonObject object) {
    answeredWith(code, Optional.of(object));
  }

  private void answeredWith(int code, Optional<JsonObject> object) {
    var said = JsonObject.builder().put("metadata", JsonObject.EMPTY);
    object
        .filter(o -> o.string("kind").orElse("").equals("Status"))
        .ifPresent(
            o -> {
              for (String field : List.of("status", "message", "reason", "details")) {
                said.putIf(field, o.get(field));
              }
            });
    status = Optional.of(said.put("code", code).build());
    if (scope.level().includes(AuditLevel.REQUEST_RESPONSE)) {
      answer = object.map(this::fit);
    }
    if (request.duration() == AuditRequest.Duration.LONG) {
      write(AuditStage.RESPONSE_STARTED, audit.now());
    }
  }

  /** The object without its managed fields where they are not wanted. */
  private JsonObject fit(JsonObject object) {
    if (scope.managedFields() == ManagedFields.KEPT) {
      return object;
    }
    JsonObject result = object.withoutAt("metadata", "managedFields");
    if (result.has("items")) {
      result = result.with("items", each(result.array("items"), o -> o));
    }
    if (result.string("kind").orElse("").equals("Table")) {
      result = result.with("rows", each(result.array("rows"), o -> o.object("object")));
    }
    return result;
  }

  /** Where in an item of a list the object is. */
  @FunctionalInterface
  private interface Inner {
    JsonObject of(JsonObject item);
  }

  private static JsonArray each(JsonArray items, Inner inner) {
    return new JsonArray(
        items
            .objects()
            .map(
                item -> {
                  JsonObject object = inner.of(item);
                  JsonObject bare = object.withoutAt("metadata", "managedFields");
                  return (Json)
                      (object == item ? bare : object.isEmpty() ? item : item.with("object", bare));
                })
            .toList());
  }

  @Override
  public synchronized void broke(Throwable failure) {
    broken = true;
    status =
        Optional.of(
            JsonObject.builder()
                .put("metadata", JsonObject.EMPTY)
                .put("status", "Failure")
                .put("message", "APIServer panic'd: " + failure)
                .put("reason", "InternalError")
                .put("code", 500)
                .build());
    write(AuditStage.PANIC, audit.now());
  }

  @Override
  public synchronized void complete() {
    if (broken) {
      return;
    }
    if (status.isEmpty()) {
      status =
          Optional.of(
              JsonObject.builder()
                  .put("metadata", JsonObject.EMPTY)
                  .put("status", "Success")
                  .put("message", "Connection closed early")
                  .put("code", 200)
                  .build());
      if (request.duration() == AuditRequest.Duration.LONG) {
        write(AuditStage.RESPONSE_STARTED, audit.now());
      }
    }
    write(AuditStage.RESPONSE_COMPLETE, audit.now());
  }

  private void write(AuditStage stage, Instant when) {
    if (!scope.omitted().contains(stage)) {
      audit.write(event(stage, when));
    }
  }

  private JsonObject event(AuditStage stage, Instant when) {
    Attributes attributes = request.attributes();
    var event =
        JsonObject.builder()
            .put("kind", "Event")
            .put("apiVersion", "audit.k8s.io/v1")
            .put("level", scope.level().text())
            .put("auditID", request.id())
            .put("stage", stage.text())
            .put("requestURI", request.uri())
            .put("verb", attributes.verb())
            .put("user", user(attributes.identity()));
    actsAs.ifPresent(identity -> event.put("impersonatedUser", user(identity)));
    if (!request.addresses().isEmpty()) {
      event.put("sourceIPs", JsonArray.ofStrings(request.addresses()));
    }
    putText(event, "userAgent", request.userAgent());
    if (!reference.isEmpty()) {
      event.put("objectRef", reference);
    }
    event
        .putIf("responseStatus", status)
        .putIf("requestObject", sent)
        .putIf("responseObject", answer)
        .put("requestReceivedTimestamp", MICROS.format(received))
        .put("stageTimestamp", MICROS.format(when));
    JsonObject annotations = annotations();
    return annotations.isEmpty() ? event.build() : event.put("annotations", annotations).build();
  }

  private static JsonObject user(Identity identity) {
    var user = JsonObject.builder();
    putText(user, "username", identity.user());
    putText(user, "uid", identity.uid());
    if (!identity.groups().isEmpty()) {
      user.put("groups", JsonArray.ofStrings(identity.groups()));
    }
    if (!identity.extra().isEmpty()) {
      var extra = JsonObject.builder();
      identity.extra().forEach((key, values) -> extra.put(key, JsonArray.ofStrings(values)));
      user.put("extra", extra.build());
    }
    return user.build();
  }

  private JsonObject annotations() {
    var result = JsonObject.builder();
    decision.ifPresent(
        said ->
            result
                .put(
                    "authorization.k8s.io/decision",
                    said instanceof Decision.Allow ? "allow" : "forbid")
                .put("authorization.k8s.io/reason", said.reason()));
    if (truncated) {
      result.put(Audit.TRUNCATED, "true");
    }
    return result.build();
  }
}
