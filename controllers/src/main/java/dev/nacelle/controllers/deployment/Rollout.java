package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The working copy of one rollout step: the ReplicaSets as they will be, and what was changed. The
 * arithmetic is upstream's. For one thread.
 */
final class Rollout {
  private final KubeObject deployment;
  private final RolloutSettings settings;
  private final Map<String, KubeObject> sets = new LinkedHashMap<>();
  private final Map<ObjectKey, KubeObject> updates = new LinkedHashMap<>();
  private final List<String> messages = new ArrayList<>();
  private Optional<String> newName = Optional.empty();
  private Optional<KubeObject> created = Optional.empty();

  Rollout(KubeObject deployment, RolloutSettings settings, List<KubeObject> sets) {
    this.deployment = deployment;
    this.settings = settings;
    sets.forEach(set -> this.sets.put(set.name(), set));
    NewSet.find(deployment, sets).ifPresent(set -> newName = Optional.of(set.name()));
  }

  Optional<KubeObject> newSet() {
    return newName.map(sets::get);
  }

  Collection<KubeObject> all() {
    return sets.values();
  }

  /** All sets but the new one, oldest first. */
  List<KubeObject> old() {
    return sets.values().stream()
        .filter(set -> !newName.equals(Optional.of(set.name())))
        .sorted(Sets.BY_AGE)
        .toList();
  }

  Optional<KubeObject> created() {
    return created;
  }

  List<KubeObject> updates() {
    return List.copyOf(updates.values());
  }

  /** What the events say. */
  List<String> messages() {
    return List.copyOf(messages);
  }

  /** The revision of the present template: one more than that of any other. */
  private long nextRevision() {
    return old().stream().mapToLong(Sets::revision).max().orElse(0) + 1;
  }

  /** Gives the new set its revision, and the annotations and settings of the Deployment. */
  void refreshNew() {
    newSet().ifPresent(set -> replace(set, NewSet.refreshed(deployment, set, nextRevision())));
  }

  /** Makes the new set where there is none. */
  void createNew() {
    if (newName.isPresent()) {
      return;
    }
    KubeObject made = NewSet.make(deployment, settings, nextRevision(), sizeOfNew(0));
    created = Optional.of(made);
    newName = Optional.of(made.name());
    sets.put(made.name(), made);
    int size = Sets.replicas(made);
    if (size > 0) {
      messages.add("Scaled up replica set " + made.name() + " from 0 to " + size);
    }
  }

  private int sizeOfNew(int present) {
    return switch (settings.strategy()) {
      case RECREATE -> settings.replicas();
      case ROLLING_UPDATE -> present + Math.max(0, Math.min(room(), settings.replicas() - present));
    };
  }

  /**
   * How many pods the surge still allows. What a set was told to delete counts until it is gone;
   * upstream counts the sizes asked for alone, and exceeds its surge for moments.
   */
  private int room() {
    int pods = 0;
    for (KubeObject set : all()) {
      if (Sets.status(set, "observedGeneration") < set.generation()) {
        return 0; // its own controller will wake us
      }
      pods += (int) Math.max(Sets.replicas(set), Sets.status(set, "replicas"));
    }
    return settings.replicas() + settings.maxSurge() - pods;
  }

  /**
   * Grows (or shrinks) the new set as far as the surge allows.
   *
   * @return whether something changed
   */
  boolean scaleNew() {
    KubeObject set = newSet().orElseThrow();
    int size = Sets.replicas(set);
    if (size == settings.replicas()) {
      return false;
    }
    int wanted = size > settings.replicas() ? settings.replicas() : sizeOfNew(size);
    return scale(set, wanted);
  }

  /**
   * Shrinks the old sets as far as availability allows, those with unhealthy pods first.
   *
   * @return whether something changed
   */
  boolean scaleOldDown() {
    if (Sets.totalReplicas(old()) == 0) {
      return false;
    }
    KubeObject fresh = newSet().orElseThrow();
    int newMissing = Sets.replicas(fresh) - Sets.available(fresh);
    int most = Sets.totalReplicas(all()) - settings.leastAvailable() - newMissing;
    if (most <= 0) {
      return false;
    }
    int removed = removeUnhealthy(most);
    return removeAvailable() + removed > 0;
  }

  private int removeUnhealthy(int most) {
    int removed = 0;
    for (KubeObject set : old()) {
      int unhealthy = Sets.replicas(set) - Sets.available(set);
      int part = Math.min(most - removed, unhealthy);
      if (part > 0) {
        scale(set, Sets.replicas(set) - part);
        removed += part;
      }
    }
    return removed;
  }

  private int removeAvailable() {
    int spare = Sets.sum(all(), Sets::available) - settings.leastAvailable();
    int removed = 0;
    for (KubeObject set : old()) {
      int part = Math.min(Sets.replicas(set), spare - removed);
      if (part > 0) {
        scale(set, Sets.replicas(set) - part);
        removed += part;
      }
    }
    return removed;
  }

  /**
   * Shrinks all old sets to nothing.
   *
   * @return whether something changed
   */
  boolean stopOld() {
    boolean changed = false;
    for (KubeObject set : old()) {
      changed |= Sets.isActive(set) && scale(set, 0);
    }
    return changed;
  }

  /** Whether the Deployment asks for another size than the sets were made for. */
  boolean isScaling() {
    return all().stream()
        .filter(Sets::isActive)
        .anyMatch(
            set ->
                set.annotation(Sets.DESIRED_REPLICAS).isPresent()
                    && Sets.number(set, Sets.DESIRED_REPLICAS, -1) != settings.replicas());
  }

  /** Brings the sets to the size that the Deployment asks for, each in proportion. */
  void scaleInProportion() {
    Optional<KubeObject> single = activeOrLatest();
    if (single.isPresent()) {
      scale(single.get(), settings.replicas());
      return;
    }
    if (newSet().filter(this::isSaturated).isPresent()) {
      stopOld();
    } else if (settings.strategy() == RolloutSettings.Strategy.ROLLING_UPDATE) {
      spread();
    }
  }

  private Optional<KubeObject> activeOrLatest() {
    List<KubeObject> active = all().stream().filter(Sets::isActive).toList();
    return switch (active.size()) {
      case 0 -> newSet().or(() -> old().reversed().stream().findFirst());
      case 1 -> Optional.of(active.getFirst());
      default -> Optional.empty();
    };
  }

  private boolean isSaturated(KubeObject set) {
    return Sets.replicas(set) == settings.replicas()
        && Sets.number(set, Sets.DESIRED_REPLICAS, -1) == settings.replicas()
        && Sets.available(set) == settings.replicas();
  }

  private void spread() {
    List<KubeObject> active = all().stream().filter(Sets::isActive).toList();
    int toAdd = settings.mostPods() - Sets.totalReplicas(active);
    Comparator<KubeObject> order = toAdd > 0 ? Sets.BIGGER_THEN_NEWER : Sets.BIGGER_THEN_OLDER;
    List<KubeObject> ordered = active.stream().sorted(order).toList();
    Map<KubeObject, Integer> sizes = new LinkedHashMap<>();
    int added = 0;
    for (KubeObject set : ordered) {
      int part = proportion(set, toAdd, added);
      sizes.put(set, Sets.replicas(set) + part);
      added += part;
    }
    int left = toAdd - added;
    for (KubeObject set : ordered) {
      scale(set, Math.max(0, sizes.getOrDefault(set, 0) + left));
      left = 0; // the largest takes what rounding left over
    }
  }

  private int proportion(KubeObject set, int toAdd, int added) {
    if (toAdd == added) {
      return 0;
    }
    int fraction = fraction(set);
    int allowed = toAdd - added;
    return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
  }

  private int fraction(KubeObject set) {
    int size = Sets.replicas(set);
    if (settings.replicas() == 0) {
      return -size;
    }
    long madeFor = Sets.number(set, Sets.MAX_REPLICAS, Sets.status(set, "replicas"));
    if (madeFor <= 0) {
      return 0;
    }
    double share = (double) size * settings.mostPods() / madeFor;
    return (int) Math.round(share) - size;
  }

  /** Sets the size, and notes what it was made for; says whether the size changed. */
  private boolean scale(KubeObject set, int replicas) {
    int before = Sets.replicas(set);
    replace(set, Sets.noting(Sets.withReplicas(set, replicas), settings));
    if (before == replicas) {
      return false;
    }
    messages.add(
        "Scaled %s replica set %s from %d to %d"
            .formatted(before < replicas ? "up" : "down", set.name(), before, replicas));
    return true;
  }

  private void replace(KubeObject set, KubeObject next) {
    if (set.json().equals(next.json())) {
      return;
    }
    sets.put(next.name(), next);
    if (created.filter(c -> c.name().equals(next.name())).isPresent()) {
      created = Optional.of(next);
    } else {
      updates.put(next.key(), next);
    }
  }

  /** Old sets without pods beyond those that are kept for a return. */
  List<KubeObject> surplus() {
    if (settings.revisionHistoryLimit().isEmpty()) {
      return List.of();
    }
    List<KubeObject> alive = old().stream().filter(set -> !set.isBeingDeleted()).toList();
    int excess = alive.size() - settings.revisionHistoryLimit().getAsInt();
    return alive.stream()
        .sorted(Sets.BY_REVISION)
        .limit(Math.max(0, excess))
        .filter(Rollout::isIdle)
        .toList();
  }

  private static boolean isIdle(KubeObject set) {
    return Sets.replicas(set) == 0
        && Sets.status(set, "replicas") == 0
        && Sets.status(set, "observedGeneration") >= set.generation();
  }
}
