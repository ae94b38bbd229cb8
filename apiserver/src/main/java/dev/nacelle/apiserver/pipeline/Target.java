package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.storage.ObjectFormat;

/**
 * What a request is about: a served version of a kind, and an object or a collection of it.
 *
 * @param key the name is empty for a collection, the namespace too for all namespaces
 * @param subresource empty for the object itself
 */
public record Target(
    ResourceDefinition definition, VersionDefinition version, ObjectKey key, String subresource) {

  public ResourceType type() {
    return definition.type(version.name());
  }

  public GroupVersionKind kind() {
    return definition.kind(version.name());
  }

  public String name() {
    return key.name();
  }

  public String namespace() {
    return key.namespace();
  }

  String storeKey() {
    return ObjectFormat.storeKey(definition, key);
  }

  public Target named(String name) {
    return new Target(definition, version, new ObjectKey(key.namespace(), name), subresource);
  }

  public Target withSubresource(String next) {
    return new Target(definition, version, key, next);
  }

  boolean isFor(String group, String resource) {
    return definition.group().equals(group) && definition.names().plural().equals(resource);
  }

  Attributes attributes(Identity identity, String verb) {
    // as upstream, a request for a namespace itself is judged in that namespace
    String namespace = isFor("", "namespaces") ? key.name() : key.namespace();
    return new Attributes(
        identity,
        verb,
        new Attributes.Resource(
            definition.group(),
            version.name(),
            definition.names().plural(),
            subresource,
            namespace,
            key.name()));
  }
}
