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

  ServiceMaps(PinnedObjects objects) {
    frontends = objects.map("frontends");
    sets = objects.map("sets");
    slots = objects.map("slots");
    members = objects.map("members");
    tables = read();
  }

  /**
   * Makes the kernel's tables those wanted.
   *
   * @return how many entries were written or removed
   */
  int apply(ServiceTable wanted) {
    ServicePlan plan = ServicePlan.of(tables, wanted);
    try {
      write(plan.changes());
    } catch (RuntimeException e) {
      tables = read();
      throw new DatapathException("cannot apply the service table: " + e.getMessage(), e);
    }
    tables = plan.result();
    return plan.changes().size();
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
