package dev.nacelle.apiserver.registry;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The registry as one immutable snapshot that is replaced as a whole. The custom kinds have one
 * writer, {@link CustomKinds}; reads do not lock.
 */
public final class LiveRegistry implements ResourceRegistry {
  private final List<ResourceDefinition> builtIn;
  private volatile Snapshot snapshot;

  private record Name(String group, String plural) {}

  private record Snapshot(
      long generation,
      List<ResourceDefinition> all,
      Map<Name, ResourceDefinition> byName,
      Map<GroupVersionKind, ResourceDefinition> byKind) {}

  public LiveRegistry(List<ResourceDefinition> builtIn) {
    this.builtIn = List.copyOf(builtIn);
    this.snapshot = snapshotOf(1, List.of());
  }

  private Snapshot snapshotOf(long generation, List<ResourceDefinition> custom) {
    var all = new ArrayList<ResourceDefinition>(builtIn);
    all.addAll(custom);
    var byName = new LinkedHashMap<Name, ResourceDefinition>();
    var byKind = new LinkedHashMap<GroupVersionKind, ResourceDefinition>();
    for (ResourceDefinition definition : all) {
      byName.putIfAbsent(new Name(definition.group(), definition.names().plural()), definition);
      for (VersionDefinition version : definition.versions()) {
        if (version.isServed()) {
          byKind.putIfAbsent(definition.kind(version.name()), definition);
        }
      }
    }
    return new Snapshot(generation, List.copyOf(all), byName, byKind);
  }

  /** Serves these custom kinds from now on, and no others. */
  void replaceCustom(List<ResourceDefinition> custom) {
    snapshot = snapshotOf(snapshot.generation() + 1, custom);
  }

  @Override
  public Optional<ResourceDefinition> find(String group, String plural) {
    return Optional.ofNullable(snapshot.byName().get(new Name(group, plural)));
  }

  @Override
  public Optional<ResourceDefinition> find(GroupVersionKind kind) {
    return Optional.ofNullable(snapshot.byKind().get(kind));
  }

  @Override
  public List<ResourceDefinition> all() {
    return snapshot.all();
  }

  @Override
  public long generation() {
    return snapshot.generation();
  }
}
