package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a change does to the owners, as structured-merge-diff's {@code Updater} has it. */
final class OwnershipUpdate {
  private static final FieldSet NEVER_OWNED =
      FieldSet.ofFields(
          List.of(
              List.of("apiVersion"),
              List.of("kind"),
              List.of("metadata"),
              List.of("metadata", "name"),
              List.of("metadata", "namespace"),
              List.of("metadata", "creationTimestamp"),
              List.of("metadata", "selfLink"),
              List.of("metadata", "uid"),
              List.of("metadata", "generation"),
              List.of("metadata", "managedFields"),
              List.of("metadata", "resourceVersion")));

  private final JsonObject before;
  private final JsonObject after;
  private final Versions versions;
  private final FieldSet ignored;
  private final Map<String, Optional<Comparison>> comparisons = new HashMap<>();

  OwnershipUpdate(JsonObject before, JsonObject after, Versions versions) {
    this.before = before;
    this.after = after;
    this.versions = versions;
    this.ignored = FieldSet.ofFields(versions.resetFields());
  }

  static FieldSet ownable(FieldSet fields) {
    return fields.difference(NEVER_OWNED);
  }

  /** The fields that a writer changed, in its version. */
  Comparison comparison(String apiVersion) {
    return find(apiVersion)
        .orElseThrow(() -> new IllegalArgumentException("no such version: " + apiVersion));
  }

  private Optional<Comparison> find(String apiVersion) {
    return comparisons.computeIfAbsent(
        apiVersion,
        version ->
            versions
                .schema(version)
                .map(
                    schema ->
                        Comparison.of(
                                versions.convert(before, version),
                                versions.convert(after, version),
                                Optional.of(schema))
                            .without(ignored)));
  }

  /** What others own of that which changed. */
  List<Owner> conflicts(Owners owners, Owner.Id writer) {
    var result = new ArrayList<Owner>();
    for (Owner owner : owners.all()) {
      if (!owner.id().equals(writer)) {
        find(owner.apiVersion())
            .map(c -> owner.fields().intersection(c.modified().union(c.added())))
            .filter(fields -> !fields.isEmpty())
            .ifPresent(fields -> result.add(owner.with(fields)));
      }
    }
    return result;
  }

  /** Takes from all others what the writer changed, from all what is gone. */
  Owners afterChangeBy(Owners owners, Owner.Id writer) {
    Owners result = owners;
    for (Owner owner : owners.all()) {
      if (owner.id().equals(writer)) {
        continue;
      }
      Optional<Comparison> comparison = find(owner.apiVersion());
      if (comparison.isEmpty()) {
        result = result.without(owner.id());
      } else {
        Comparison c = comparison.get();
        FieldSet kept =
            owner.fields().difference(c.modified().union(c.added())).difference(c.removed());
        result = result.with(owner.with(kept));
      }
    }
    return result;
  }

  /** Entries as the schemas are now: what became atomic is owned as a whole. */
  static Owners fitted(Owners owners, Versions versions) {
    Owners result = owners;
    for (Owner owner : owners.all()) {
      Optional<Schema> schema = versions.schema(owner.apiVersion());
      if (schema.isPresent()) {
        FieldSet fitted = owner.fields().fittedTo(schema);
        if (!fitted.equals(owner.fields())) {
          result = result.with(owner.with(fitted));
        }
      }
    }
    return result;
  }
}
