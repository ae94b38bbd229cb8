package dev.nacelle.api.definition;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import java.util.List;
import java.util.Optional;

/**
 * All that the one pipeline must know of a kind to serve it. Built-in kinds and custom kinds are
 * the same record; the latter have no {@link Hooks} of their own. Immutable.
 *
 * @param versions in the order of preference, first the preferred; exactly one is stored
 */
public record ResourceDefinition(
    String group,
    Names names,
    Scope scope,
    Origin origin,
    List<VersionDefinition> versions,
    Hooks hooks) {

  /** Where objects of the kind live. */
  public enum Scope {
    NAMESPACED,
    CLUSTER
  }

  /** Who defined the kind. */
  public enum Origin {
    BUILT_IN,
    CUSTOM
  }

  /** The names of a kind. */
  public record Names(
      String kind,
      String listKind,
      String plural,
      String singular,
      List<String> shortNames,
      List<String> categories) {
    public Names {
      shortNames = List.copyOf(shortNames);
      categories = List.copyOf(categories);
    }

    public static Names of(String kind, String plural, String... shortNames) {
      return new Names(
          kind,
          kind + "List",
          plural,
          kind.toLowerCase(java.util.Locale.ROOT),
          List.of(shortNames),
          List.of());
    }

    public Names in(String... categories) {
      return new Names(kind, listKind, plural, singular, shortNames, List.of(categories));
    }
  }

  public ResourceDefinition {
    versions = List.copyOf(versions);
    if (versions.stream().filter(VersionDefinition::isStored).count() != 1) {
      throw new IllegalArgumentException(names.plural() + ": exactly one version must be stored");
    }
  }

  public boolean isNamespaced() {
    return scope == Scope.NAMESPACED;
  }

  public VersionDefinition storedVersion() {
    return versions.stream().filter(VersionDefinition::isStored).findFirst().orElseThrow();
  }

  /** A served version by name. */
  public Optional<VersionDefinition> version(String name) {
    return versions.stream().filter(v -> v.isServed() && v.name().equals(name)).findFirst();
  }

  public ResourceType type(String version) {
    return new ResourceType(group, version, names.plural());
  }

  public GroupVersionKind kind(String version) {
    return new GroupVersionKind(group, version, names.kind());
  }

  /** {@code deployments.apps}, the identity of the resource over all versions. */
  public String groupResource() {
    return group.isEmpty() ? names.plural() : names.plural() + "." + group;
  }

  /** The prefix of all keys of this resource in the store: {@code /registry/apps/deployments/}. */
  public String storePrefix() {
    return "/registry/" + (group.isEmpty() ? "core" : group) + "/" + names.plural() + "/";
  }

  /** The key of one object in the store. */
  public String storeKey(ObjectKey key) {
    return key.namespace().isEmpty()
        ? storePrefix() + key.name()
        : storePrefix() + key.namespace() + "/" + key.name();
  }
}
