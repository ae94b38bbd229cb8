package dev.nacelle.network;

import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.network.Layouts.BackendValue;
import dev.nacelle.network.Layouts.FrontendKey;
import dev.nacelle.network.Layouts.FrontendValue;
import dev.nacelle.network.Layouts.MemberKey;
import dev.nacelle.network.Layouts.SetValue;
import dev.nacelle.network.Layouts.SlotKey;
import dev.nacelle.network.ServicePlan.BackendSet;
import dev.nacelle.network.ServicePlan.Changes;
import dev.nacelle.network.ServicePlan.Tables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The Services in the kernel's maps. One writer: callers take turns. What the maps hold at the
 * start is read once and then known.
 */
final class ServiceMaps {
  private static final byte[] PRESENT = Layouts.number(1);

  private final BpfMap frontends;
  private final BpfMap sets;
  private final BpfMap slots;
  private final BpfMap members;
  private Tables tables;

  /** What the tables came of, by first frontend; none after a start, when all is compared. */
  private Map<FrontendKey, ServiceEntry> applied = Map.of();

  /**
   * @param maps by name
   */
  ServiceMaps(Function<String, BpfMap> maps) {
    frontends = maps.apply("frontends");
    sets = maps.apply("sets");
    slots = maps.apply("slots");
    members = maps.apply("members");
    tables = read();
  }

  /**
   * Makes the kernel's tables those wanted.
   *
   * @return how many entries were written or removed
   */
  int apply(ServiceTable wanted) {
    Map<FrontendKey, ServiceEntry> next = HashMap.newHashMap(wanted.services().size());
    List<ServiceEntry> changed = new ArrayList<>();
    Set<FrontendKey> kept = HashSet.newHashSet(wanted.services().size());
    for (ServiceEntry service : wanted.services()) {
      if (service.frontends().isEmpty()) {
        continue;
      }
      FrontendKey key = FrontendKey.of(service.frontends().getFirst(), service.protocol());
      next.put(key, service);
      if (service.equals(applied.get(key))) {
        kept.add(key);
      } else {
        changed.add(service);
      }
    }
    Tables part = applied.isEmpty() ? tables : partOf(kept);
    ServicePlan plan = ServicePlan.of(part, tables.sets()::containsKey, changed);
    try {
      write(plan.changes());
    } catch (RuntimeException e) {
      tables = read();
      applied = Map.of();
      throw new DatapathException("cannot apply the service table: " + e.getMessage(), e);
    }
    part.frontends().keySet().stream().toList().forEach(tables.frontends()::remove);
    part.sets().keySet().stream().toList().forEach(tables.sets()::remove);
    tables.frontends().putAll(plan.result().frontends());
    tables.sets().putAll(plan.result().sets());
    applied = next;
    return plan.changes().size();
  }

  /** The part of the tables that came of Services that are not kept. */
  private Tables partOf(Set<FrontendKey> kept) {
    Map<FrontendKey, FrontendValue> partFrontends = new HashMap<>();
    Map<Integer, BackendSet> partSets = new HashMap<>();
    for (Map.Entry<FrontendKey, ServiceEntry> entry : applied.entrySet()) {
      if (kept.contains(entry.getKey())) {
        continue;
      }
      ServiceEntry service = entry.getValue();
      for (Frontend frontend : service.frontends()) {
        FrontendKey key = FrontendKey.of(frontend, service.protocol());
        FrontendValue value = tables.frontends().get(key);
        if (value == null) {
          continue;
        }
        partFrontends.put(key, value);
        for (int number : new int[] {value.nearSet(), value.farSet()}) {
          BackendSet set = tables.sets().get(number);
          if (set != null) {
            partSets.put(number, set);
          }
        }
      }
    }
    return new Tables(partFrontends, partSets);
  }

  private void write(Changes changes) {
    members.putAll(changes.memberPuts.stream().map(m -> Map.entry(m.bytes(), PRESENT)).toList());
    slots.putAll(encode(changes.slotPuts, SlotKey::bytes, BackendValue::bytes));
    sets.putAll(encode(changes.setPuts, Layouts::number, SetValue::bytes));
    frontends.putAll(encode(changes.frontendPuts, FrontendKey::bytes, FrontendValue::bytes));
    frontends.removeAll(changes.frontendRemovals.stream().map(FrontendKey::bytes).toList());
    sets.removeAll(changes.setRemovals.stream().map(Layouts::number).toList());
    slots.removeAll(changes.slotRemovals.stream().map(SlotKey::bytes).toList());
    members.removeAll(changes.memberRemovals.stream().map(MemberKey::bytes).toList());
  }

  private static <K, V> List<Map.Entry<byte[], byte[]>> encode(
      Map<K, V> entries, Function<K, byte[]> key, Function<V, byte[]> value) {
    return entries.entrySet().stream()
        .map(e -> Map.entry(key.apply(e.getKey()), value.apply(e.getValue())))
        .toList();
  }

  /**
   * Reads the maps back. A crash may have left more than a table needs: slots and members of no set
   * are removed here.
   */
  private Tables read() {
    Map<FrontendKey, FrontendValue> foundFrontends = new HashMap<>();
    frontends
        .entries()
        .forEach(
            e -> foundFrontends.put(FrontendKey.of(e.getKey()), FrontendValue.of(e.getValue())));
    Map<SlotKey, BackendValue> foundSlots = new HashMap<>();
    slots
        .entries()
        .forEach(e -> foundSlots.put(SlotKey.of(e.getKey()), BackendValue.of(e.getValue())));
    Set<MemberKey> foundMembers = new HashSet<>();
    members.entries().forEach(e -> foundMembers.add(MemberKey.of(e.getKey())));

    Map<Integer, BackendSet> foundSets = new HashMap<>();
    for (Map.Entry<byte[], byte[]> entry : sets.entries()) {
      int number = Layouts.number(entry.getKey());
      SetValue value = SetValue.of(entry.getValue());
      List<BackendValue> backends = new ArrayList<>();
      boolean allListed = true;
      for (int i = 0; i < value.count(); i++) {
        BackendValue backend = foundSlots.remove(new SlotKey(number, i));
        if (backend == null) {
          break;
        }
        backends.add(backend);
        allListed &= foundMembers.contains(new MemberKey(number, backend));
      }
      if (allListed) {
        backends.forEach(b -> foundMembers.remove(new MemberKey(number, b)));
      }
      foundSets.put(number, new BackendSet(backends, value.affinitySeconds(), allListed));
    }
    slots.removeAll(foundSlots.keySet().stream().map(SlotKey::bytes).toList());
    members.removeAll(foundMembers.stream().map(MemberKey::bytes).toList());
    return new Tables(foundFrontends, foundSets);
  }
}
