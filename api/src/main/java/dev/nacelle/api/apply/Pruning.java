package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Takes out of a merged object what its applier stated the last time and states no more, unless
 * somebody else owns it.
 */
final class Pruning {
  private final Versions versions;
  private final Owners owners;

  /**
   * @param owners with the applier's new entry
   */
  Pruning(Versions versions, Owners owners) {
    this.versions = versions;
    this.owners = owners;
  }

  JsonObject prune(JsonObject merged, Owner previous, Owner applier) {
    String version = previous.apiVersion();
    Optional<Schema> schema = versions.schema(version);
    if (schema.isEmpty()) {
      return merged;
    }
    JsonObject mergedThen = versions.convert(merged, version);
    FieldSet last = previous.fields().withNamedFields(schema);
    JsonObject pruned = Removal.remove(mergedThen, last, schema);
    pruned = withOwned(mergedThen, pruned, version);
    pruned = withDangling(mergedThen, pruned, last, schema);
    return versions.convert(pruned, applier.apiVersion());
  }

  /** Puts back what anybody owns, the applier's new configuration included. */
  private JsonObject withOwned(JsonObject merged, JsonObject pruned, String version) {
    Map<String, FieldSet> owned = new LinkedHashMap<>();
    owned.put(version, FieldSet.EMPTY);
    owners.all().forEach(o -> owned.merge(o.apiVersion(), o.fields(), FieldSet::union));
    JsonObject result = pruned;
    for (var entry : owned.entrySet()) {
      Optional<Schema> schema = versions.schema(entry.getKey());
      if (schema.isPresent()) {
        JsonObject whole = versions.convert(merged, entry.getKey());
        JsonObject part = versions.convert(result, entry.getKey());
        FieldSet wanted = fields(part, schema).union(entry.getValue().withNamedFields(schema));
        JsonObject restored =
            Removal.remove(whole, fields(whole, schema).difference(wanted), schema);
        result = versions.convert(restored, version);
      }
    }
    return result;
  }

  /** Puts back what nobody owned but the last configuration did not state either. */
  private static JsonObject withDangling(
      JsonObject merged, JsonObject pruned, FieldSet last, Optional<Schema> schema) {
    FieldSet gone = fields(merged, schema).difference(fields(pruned, schema));
    return Removal.remove(merged, gone.intersection(last), schema);
  }

  private static FieldSet fields(JsonObject object, Optional<Schema> schema) {
    return Ownership.of(object, schema).withNamedFields(schema);
  }
}
