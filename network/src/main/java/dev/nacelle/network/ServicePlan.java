package dev.nacelle.network;

import dev.nacelle.network.Layouts.BackendValue;
import dev.nacelle.network.Layouts.FrontendKey;
import dev.nacelle.network.Layouts.FrontendValue;
import dev.nacelle.network.Layouts.MemberKey;
import dev.nacelle.network.Layouts.SetValue;
import dev.nacelle.network.Layouts.SlotKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * The difference between the tables in the kernel and the wanted Services, as map writes. Pure. A
 * Service keeps the set numbers its frontends point to, and backends that stay keep their slot, so
 * that the writes are as many as the changes.
 */
final class ServicePlan {

  /** A set of backends in the kernel: slots in order. */
  record BackendSet(List<BackendValue> slots, int affinitySeconds, boolean members) {
    SetValue value() {
      return new SetValue(slots.size(), affinitySeconds);
    }
  }

  /** The tables as they are in the kernel. */
  record Tables(Map<FrontendKey, FrontendValue> frontends, Map<Integer, BackendSet> sets) {
    static final Tables EMPTY = new Tables(Map.of(), Map.of());
  }

  /** Writes, in the order in which a client sees a whole table at every moment. */
  static final class Changes {
    final List<MemberKey> memberPuts = new ArrayList<>();
    final Map<SlotKey, BackendValue> slotPuts = new LinkedHashMap<>();
    final Map<Integer, SetValue> setPuts = new LinkedHashMap<>();
    final Map<FrontendKey, FrontendValue> frontendPuts = new LinkedHashMap<>();
    final List<FrontendKey> frontendRemovals = new ArrayList<>();
    final List<Integer> setRemovals = new ArrayList<>();
    final List<SlotKey> slotRemovals = new ArrayList<>();
    final List<MemberKey> memberRemovals = new ArrayList<>();

    /** How many entries of maps are written or removed. */
    int size() {
      return memberPuts.size()
          + slotPuts.size()
          + setPuts.size()
          + frontendPuts.size()
          + frontendRemovals.size()
          + setRemovals.size()
          + slotRemovals.size()
          + memberRemovals.size();
    }
  }

  private final Tables current;
  private final IntPredicate taken;
  private final Changes changes = new Changes();
  private final Map<FrontendKey, FrontendValue> frontends = new HashMap<>();
  private final Map<Integer, BackendSet> sets = new HashMap<>();
  private int nextSet = 1;

  private ServicePlan(Tables current, IntPredicate taken) {
    this.current = current;
    this.taken = taken;
  }

  Changes changes() {
    return changes;
  }

  /** The tables once the changes are made. */
  Tables result() {
    return new Tables(frontends, sets);
  }

  /** Plans for whole tables. */
  static ServicePlan of(Tables current, ServiceTable wanted) {
    return of(current, number -> false, wanted.services());
  }

  /**
   * Plans for a part of the tables.
   *
   * @param current that part: some frontends, and all sets that only these lead to
   * @param taken which numbers sets of the other parts have
   */
  static ServicePlan of(Tables current, IntPredicate taken, List<ServiceEntry> wanted) {
    ServicePlan plan = new ServicePlan(current, taken);
    wanted.forEach(plan::add);
    plan.removeTheRest();
    return plan;
  }

  private void add(ServiceEntry service) {
    Map<TrafficPolicy, Integer> numbers = new HashMap<>();
    for (Frontend frontend : service.frontends()) {
      FrontendKey key = FrontendKey.of(frontend, service.protocol());
      FrontendValue former = current.frontends().getOrDefault(key, new FrontendValue(0, 0, 0));
      FrontendValue value =
          switch (frontend.kind()) {
            case CLUSTER ->
                new FrontendValue(
                    numbers.computeIfAbsent(
                        service.internalPolicy(), p -> place(service, p, former.nearSet())),
                    0,
                    0);
            case NODE_PORT, EXTERNAL ->
                new FrontendValue(
                    numbers.computeIfAbsent(
                        TrafficPolicy.CLUSTER, p -> place(service, p, former.nearSet())),
                    numbers.computeIfAbsent(
                        service.externalPolicy(), p -> place(service, p, former.farSet())),
                    frontend.kind() == Frontend.Kind.NODE_PORT ? 1 : 2);
          };
      frontends.put(key, value);
      if (!value.equals(current.frontends().get(key))) {
        changes.frontendPuts.put(key, value);
      }
    }
  }

  /** Places a Service's backends in the set it had, or a new one; 0 if there is none to place. */
  private int place(ServiceEntry service, TrafficPolicy policy, int formerNumber) {
    Set<BackendValue> wanted = new LinkedHashSet<>();
    for (Backend backend : service.backends()) {
      if (policy == TrafficPolicy.CLUSTER || backend.placement() == Backend.Placement.LOCAL) {
        wanted.add(new BackendValue(backend.address().bits(), backend.port()));
      }
    }
    if (wanted.isEmpty()) {
      return 0;
    }
    boolean keeps = current.sets().containsKey(formerNumber) && !sets.containsKey(formerNumber);
    int number = keeps ? formerNumber : freeNumber();
    int affinity = (int) service.affinity().toSeconds();
    boolean members = affinity > 0 || service.protocol() == Protocol.UDP;
    BackendSet former = current.sets().getOrDefault(number, new BackendSet(List.of(), -1, false));
    BackendSet set = new BackendSet(arrange(former.slots(), wanted), affinity, members);
    sets.put(number, set);
    difference(number, former, set);
    return number;
  }

  private int freeNumber() {
    while (taken.test(nextSet)
        || current.sets().containsKey(nextSet)
        || sets.containsKey(nextSet)) {
      nextSet++;
    }
    return nextSet;
  }

  /** Slots in which all that stay keep their place, except the last ones, which fill the holes. */
  static List<BackendValue> arrange(List<BackendValue> former, Set<BackendValue> wanted) {
    Set<BackendValue> present = new HashSet<>(former);
    List<BackendValue> added = wanted.stream().filter(b -> !present.contains(b)).toList();
    List<BackendValue> slots = new ArrayList<>(former);
    int taken = 0;
    for (int i = 0; i < slots.size(); i++) {
      if (wanted.contains(slots.get(i))) {
        continue;
      }
      if (taken < added.size()) {
        slots.set(i, added.get(taken++));
        continue;
      }
      BackendValue last = slots.removeLast();
      while (i < slots.size() && !wanted.contains(last)) {
        last = slots.removeLast();
      }
      if (i < slots.size()) {
        slots.set(i, last);
      }
    }
    slots.addAll(added.subList(taken, added.size()));
    return List.copyOf(slots);
  }

  private void difference(int number, BackendSet former, BackendSet set) {
    List<BackendValue> before = former.slots();
    List<BackendValue> after = set.slots();
    for (int i = 0; i < after.size(); i++) {
      if (i >= before.size() || !before.get(i).equals(after.get(i))) {
        changes.slotPuts.put(new SlotKey(number, i), after.get(i));
      }
    }
    for (int i = after.size(); i < before.size(); i++) {
      changes.slotRemovals.add(new SlotKey(number, i));
    }
    if (!set.value().equals(former.value())) {
      changes.setPuts.put(number, set.value());
    }
    Set<BackendValue> listed = new HashSet<>(former.members() ? before : List.of());
    Set<BackendValue> toList = new HashSet<>(set.members() ? after : List.of());
    toList.stream()
        .filter(b -> !listed.contains(b))
        .forEach(b -> changes.memberPuts.add(new MemberKey(number, b)));
    listed.stream()
        .filter(b -> !toList.contains(b))
        .forEach(b -> changes.memberRemovals.add(new MemberKey(number, b)));
  }

  private void removeTheRest() {
    for (FrontendKey key : current.frontends().keySet()) {
      if (!frontends.containsKey(key)) {
        changes.frontendRemovals.add(key);
      }
    }
    current
        .sets()
        .forEach(
            (number, set) -> {
              if (!sets.containsKey(number)) {
                changes.setRemovals.add(number);
                difference(number, set, new BackendSet(List.of(), set.affinitySeconds(), false));
                changes.setPuts.remove(number);
              }
            });
  }
}
