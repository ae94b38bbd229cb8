package dev.nacelle.api.custom;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Plans the status of one definition. For one thread, used once. */
final class DefinitionStatus {
  private final KubeObject crd;
  private final Instant now;
  private final Set<String> resources = new HashSet<>();
  private final Set<String> kinds = new HashSet<>();
  private Optional<Conflict> conflict = Optional.empty();

  private record Conflict(String reason, String message) {}

  DefinitionStatus(KubeObject crd, Collection<ResourceDefinition> present, Instant now) {
    this.crd = crd;
    this.now = now;
    String group = crd.spec().string("group").orElse("");
    for (ResourceDefinition other : present) {
      if (other.group().equals(group) && !other.groupResource().equals(crd.name())) {
        resources.add(other.names().plural());
        resources.add(other.names().singular());
        resources.addAll(other.names().shortNames());
        kinds.add(other.names().kind());
        kinds.add(other.names().listKind());
      }
    }
  }

  static boolean isTrue(KubeObject crd, String type) {
    return condition(crd, type).flatMap(c -> c.string("status")).filter("True"::equals).isPresent();
  }

  private static Optional<JsonObject> condition(KubeObject crd, String type) {
    return crd.status()
        .array("conditions")
        .objects()
        .filter(c -> c.string("type").filter(type::equals).isPresent())
        .findFirst();
  }

  JsonObject plan() {
    JsonObject accepted = acceptedNames();
    var conditions = new ArrayList<Json>();
    crd.status()
        .array("conditions")
        .objects()
        .filter(c -> !Set.of("NamesAccepted", "Established").contains(c.string("type").orElse("")))
        .forEach(conditions::add);
    conditions.addFirst(
        conflict
            .map(c -> condition("NamesAccepted", "False", c.reason, c.message))
            .orElseGet(
                () -> condition("NamesAccepted", "True", "NoConflicts", "no conflicts found")));
    conditions.add(1, established());
    JsonObject status =
        crd.status().toBuilder()
            .put("conditions", new JsonArray(conditions))
            .put("acceptedNames", accepted)
            .put("storedVersions", storedVersions(crd))
            .build();
    return status.equals(crd.status()) ? crd.status() : status;
  }

  /** Once established, a definition stays it: its objects are there. */
  private JsonObject established() {
    if (isTrue(crd, "Established")) {
      return condition(crd, "Established").orElseThrow();
    }
    return conflict.isPresent()
        ? condition("Established", "False", "NotAccepted", "not all names are accepted")
        : condition(
            "Established", "True", "InitialNamesAccepted", "the initial names have been accepted");
  }

  /** The time of a condition is that of its last change of status. */
  private JsonObject condition(String type, String status, String reason, String message) {
    String since =
        condition(crd, type)
            .filter(c -> c.string("status").filter(status::equals).isPresent())
            .flatMap(c -> c.string("lastTransitionTime"))
            .orElseGet(() -> KubeObject.formatTime(now));
    return JsonObject.builder()
        .put("lastTransitionTime", since)
        .put("message", message)
        .put("reason", reason)
        .put("status", status)
        .put("type", type)
        .build();
  }

  /** Requested names that are free; where one is taken, the name accepted before stays. */
  private JsonObject acceptedNames() {
    JsonObject requested = crd.spec().object("names");
    JsonObject before = crd.status().object("acceptedNames");
    var accepted = requested.toBuilder();
    keepFree(accepted, requested, before, "plural", "PluralConflict", resources);
    keepFree(accepted, requested, before, "singular", "SingularConflict", resources);
    List<String> takenShort =
        requested.array("shortNames").strings().filter(resources::contains).toList();
    if (!takenShort.isEmpty()) {
      refuse("ShortNamesConflict", takenShort.getFirst());
      accepted.put("shortNames", before.array("shortNames"));
    }
    keepFree(accepted, requested, before, "kind", "KindConflict", kinds);
    keepFree(accepted, requested, before, "listKind", "ListKindConflict", kinds);
    return accepted.build();
  }

  private void keepFree(
      JsonObject.Builder accepted,
      JsonObject requested,
      JsonObject before,
      String field,
      String reason,
      Set<String> taken) {
    Optional<String> name = requested.string(field).filter(n -> !n.isEmpty());
    if (name.isPresent() && taken.contains(name.get())) {
      refuse(reason, name.get());
      accepted.put(field, before.string(field).orElse(""));
    }
  }

  private void refuse(String reason, String name) {
    if (conflict.isEmpty()) {
      conflict = Optional.of(new Conflict(reason, "\"" + name + "\" is already in use"));
    }
  }

  /** The versions in which objects may be stored: those known, and the present storage version. */
  static JsonArray storedVersions(KubeObject crd) {
    JsonArray known = crd.status().array("storedVersions");
    Optional<String> storage =
        crd.spec()
            .array("versions")
            .objects()
            .filter(v -> v.bool("storage").orElse(false))
            .findFirst()
            .flatMap(v -> v.string("name"));
    return storage.isEmpty() || known.strings().anyMatch(storage.get()::equals)
        ? known
        : known.plus(Json.of(storage.get()));
  }
}
