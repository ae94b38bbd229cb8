package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All entries of an object, by manager. Immutable. */
record Owners(Map<Owner.Id, Owner> byId) {
  private static final int MAX_UPDATERS = 10;
  private static final String OLDEST = "ancient-changes";

  static final Owners NONE = new Owners(Map.of());

  Owners {
    var copy = new LinkedHashMap<>(byId);
    copy.values().removeIf(o -> o.fields().isEmpty());
    byId = java.util.Collections.unmodifiableMap(copy);
  }

  /** The entries of an object; none where they are malformed. */
  static Owners of(KubeObject object) {
    return parse(object.metadata().array("managedFields")).orElse(NONE);
  }

  /** Empty where an entry is malformed. */
  static Optional<Owners> parse(JsonArray entries) {
    var result = new LinkedHashMap<Owner.Id, Owner>();
    try {
      for (Json entry : entries) {
        if (!(entry instanceof JsonObject o)) {
          return Optional.empty();
        }
        Owner owner = Owner.parse(o);
        result.put(owner.id(), owner);
      }
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    return Optional.of(new Owners(result));
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  Collection<Owner> all() {
    return byId.values();
  }

  Optional<Owner> find(Owner.Id id) {
    return Optional.ofNullable(byId.get(id));
  }

  Owners with(Owner owner) {
    var copy = new LinkedHashMap<>(byId);
    copy.put(owner.id(), owner);
    return new Owners(copy);
  }

  Owners without(Owner.Id id) {
    var copy = new LinkedHashMap<>(byId);
    copy.remove(id);
    return new Owners(copy);
  }

  /** Whether the entries are the same but for their times. */
  boolean sameButTimes(Owners other) {
    return byId.keySet().equals(other.byId.keySet())
        && byId.values().stream()
            .allMatch(o -> other.find(o.id()).filter(o::sameButTime).isPresent());
  }

  /** The oldest updaters beyond ten become one entry for each version. */
  Owners capped() {
    List<Owner> updaters =
        byId.values().stream()
            .filter(o -> !o.id().isApplier())
            .sorted(
                Comparator.comparing((Owner o) -> o.time().orElse(java.time.Instant.MIN))
                    .thenComparing(o -> o.id().manager()))
            .toList();
    int count = updaters.size();
    Owners result = this;
    var firstOf = new HashMap<String, Owner>();
    for (int i = 0; i < updaters.size() && count > MAX_UPDATERS; i++) {
      Owner oldest = updaters.get(i);
      Owner first = firstOf.putIfAbsent(oldest.apiVersion(), oldest);
      if (first != null) {
        result = result.bucketed(first, oldest);
        count--;
      }
    }
    return result;
  }

  private Owners bucketed(Owner first, Owner next) {
    var id = new Owner.Id(OLDEST, Owner.Operation.UPDATE, next.apiVersion(), "");
    FieldSet fields = next.fields();
    for (Owner.Id merged : List.of(id, first.id())) {
      fields = fields.union(find(merged).map(Owner::fields).orElse(FieldSet.EMPTY));
    }
    var bucket = new Owner(id, next.apiVersion(), fields, next.time());
    return without(first.id()).without(next.id()).with(bucket);
  }

  /** The object with these entries, and no {@code managedFields} where there is none. */
  KubeObject putInto(KubeObject object) {
    if (isEmpty()) {
      return object.withoutMetadata("managedFields");
    }
    List<Json> entries =
        byId.values().stream().sorted(Owner.ORDER).<Json>map(Owner::toJson).toList();
    return object.withMetadata("managedFields", new JsonArray(entries));
  }
}
