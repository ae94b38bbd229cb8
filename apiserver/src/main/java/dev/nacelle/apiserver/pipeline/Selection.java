package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.selector.FieldSelector;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.store.KeyRange;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which objects of a kind a list or a watch is about.
 *
 * @param keys the smallest range of keys that holds all of them
 */
record Selection(KeyRange keys, LabelSelector labels, FieldSelector fields, String version)
    implements Predicate<StoredObject> {

  /**
   * @throws dev.nacelle.api.status.ApiException with code 400 for a bad selector
   */
  static Selection of(Target target, ListOptions options) {
    LabelSelector labels = LabelSelector.parse(options.labelSelector());
    FieldSelector fields =
        FieldSelector.parse(options.fieldSelector(), target.version().selectableFields());
    String prefix = ObjectFormat.storePrefix(target.definition());
    String namespace = target.namespace();
    if (namespace.isEmpty() && target.definition().isNamespaced()) {
      namespace = fields.exactly("metadata.namespace").orElse("");
    }
    String scope = namespace.isEmpty() ? prefix : prefix + namespace + "/";
    boolean isOneScope = !namespace.isEmpty() || !target.definition().isNamespaced();
    Optional<String> name = fields.exactly("metadata.name");
    KeyRange keys =
        isOneScope && name.filter(Selection::isPlain).isPresent()
            ? KeyRange.key(scope + name.get())
            : KeyRange.prefix(scope);
    return new Selection(keys, labels, fields, target.version().name());
  }

  private static boolean isPlain(String name) {
    return !name.isEmpty()
        && name.length() <= 253
        && name.chars().allMatch(c -> c > 0x20 && c < 0x7f);
  }

  boolean isWholeRange() {
    return labels.isEverything() && fields.isEverything();
  }

  boolean covers(String key) {
    return keys.contains(key);
  }

  @Override
  public boolean test(StoredObject candidate) {
    if (isWholeRange()) {
      return true;
    }
    KubeObject object = candidate.object(version);
    return (labels.isEverything() || labels.matches(object.labels())) && fields.matches(object);
  }
}
