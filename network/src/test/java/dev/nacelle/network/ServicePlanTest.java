package dev.nacelle.network;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.network.Layouts.BackendValue;
import dev.nacelle.network.ServicePlan.Tables;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ServicePlanTest {
  private static final Ipv4 ADDRESS = Ipv4.parse("10.128.0.1");

  private static ServiceEntry service(int number, int... backends) {
    return ServiceEntry.of(
        "s" + number,
        Protocol.TCP,
        List.of(Frontend.clusterIp(ADDRESS.plus(number), 80)),
        IntStream.of(backends)
            .mapToObj(b -> Backend.local(Ipv4.parse("10.64.0.0").plus(b), 80))
            .toList());
  }

  private static ServiceTable table(ServiceEntry... services) {
    return new ServiceTable(List.of(services));
  }

  @Test
  void theSameTableTwiceChangesNothing() {
    ServiceTable table = table(service(1, 1, 2), service(2, 3), service(3));
    Tables first = ServicePlan.of(Tables.EMPTY, table).result();
    assertThat(ServicePlan.of(first, table).changes().size()).isZero();
  }

  @Test
  void theCostOfAChangeIsThatOfTheDifference() {
    List<ServiceEntry> many = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      many.add(service(i, 3 * i + 1, 3 * i + 2, 3 * i + 3));
    }
    Tables before = ServicePlan.of(Tables.EMPTY, new ServiceTable(many)).result();
    many.set(7, service(7, 22, 23, 5000));
    assertThat(ServicePlan.of(before, new ServiceTable(many)).changes().size()).isEqualTo(1);
    many.remove(9);
    // the slot above, and of the lost Service its frontend, its set and three slots
    assertThat(ServicePlan.of(before, new ServiceTable(many)).changes().size()).isEqualTo(1 + 5);
  }

  @Test
  void backendsThatStayKeepTheirSlotExceptTheLastOnesThatFillHoles() {
    BackendValue a = new BackendValue(1, 1);
    BackendValue b = new BackendValue(2, 1);
    BackendValue c = new BackendValue(3, 1);
    BackendValue d = new BackendValue(4, 1);
    assertThat(ServicePlan.arrange(List.of(a, b, c), Set.of(b, c))).containsExactly(c, b);
    assertThat(ServicePlan.arrange(List.of(a, b, c), Set.of(a, c, d))).containsExactly(a, d, c);
    assertThat(ServicePlan.arrange(List.of(a, b, c), Set.of(a))).containsExactly(a);
    assertThat(ServicePlan.arrange(List.of(a, b), Set.of(c))).containsExactly(c);
    assertThat(ServicePlan.arrange(List.of(a), Set.of())).isEmpty();
    assertThat(ServicePlan.arrange(List.of(), new LinkedHashSet<>(List.of(a, b))))
        .containsExactly(a, b);
  }

  @Test
  void anyTableFollowsFromAnyOther() {
    Random random = new Random(7);
    Tables tables = Tables.EMPTY;
    for (int round = 0; round < 300; round++) {
      List<ServiceEntry> services = new ArrayList<>();
      for (int s = 0; s < 12; s++) {
        if (random.nextInt(4) > 0) {
          services.add(random(random, s));
        }
      }
      ServicePlan plan = ServicePlan.of(tables, new ServiceTable(services));
      Tables next = plan.result();
      assertThat(applied(tables, plan)).as("round %d of seed 7", round).isEqualTo(next);
      for (ServiceEntry service : services) {
        check(next, service);
      }
      assertThat(next.frontends()).hasSize(services.size() * 2);
      tables = next;
    }
  }

  private static ServiceEntry random(Random random, int number) {
    List<Backend> backends = new ArrayList<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      Ipv4 address = new Ipv4(random.nextInt(8) + 1);
      backends.add(random.nextBoolean() ? Backend.local(address, 80) : Backend.remote(address, 81));
    }
    return new ServiceEntry(
        "s" + number,
        number % 2 == 0 ? Protocol.TCP : Protocol.UDP,
        List.of(Frontend.clusterIp(ADDRESS.plus(number), 80), Frontend.nodePort(30_000 + number)),
        backends,
        Duration.ofSeconds(random.nextInt(2) * 60L),
        TrafficPolicy.values()[random.nextInt(2)],
        TrafficPolicy.values()[random.nextInt(2)]);
  }

  /** The frontends of a Service lead to just the backends that their policy lets them. */
  private static void check(Tables tables, ServiceEntry service) {
    Set<BackendValue> all = new HashSet<>();
    Set<BackendValue> local = new HashSet<>();
    for (Backend backend : service.backends()) {
      BackendValue value = new BackendValue(backend.address().bits(), backend.port());
      all.add(value);
      if (backend.placement() == Backend.Placement.LOCAL) {
        local.add(value);
      }
    }
    tables
        .frontends()
        .forEach(
            (key, value) -> {
              if (service.frontends().getFirst().address().bits() == key.address()) {
                assertThat(backends(tables, value.nearSet()))
                    .isEqualTo(service.internalPolicy() == TrafficPolicy.LOCAL ? local : all);
              } else if (service.frontends().get(1).port() == key.port()) {
                assertThat(backends(tables, value.nearSet())).isEqualTo(all);
                assertThat(backends(tables, value.farSet()))
                    .isEqualTo(service.externalPolicy() == TrafficPolicy.LOCAL ? local : all);
              }
            });
  }

  private static Set<BackendValue> backends(Tables tables, int set) {
    return set == 0 ? Set.of() : Set.copyOf(requireNonNull(tables.sets().get(set)).slots());
  }

  /** The former tables with the changes made to them, entry by entry as in the maps. */
  private static Tables applied(Tables former, ServicePlan plan) {
    var frontends = new HashMap<>(former.frontends());
    frontends.putAll(plan.changes().frontendPuts);
    plan.changes().frontendRemovals.forEach(frontends::remove);
    Map<Integer, Integer> counts = new HashMap<>();
    Map<Integer, Integer> affinities = new HashMap<>();
    Map<Layouts.SlotKey, BackendValue> slots = new HashMap<>();
    Set<Layouts.MemberKey> members = new HashSet<>();
    former
        .sets()
        .forEach(
            (number, set) -> {
              counts.put(number, set.slots().size());
              affinities.put(number, set.affinitySeconds());
              for (int i = 0; i < set.slots().size(); i++) {
                slots.put(new Layouts.SlotKey(number, i), set.slots().get(i));
                if (set.members()) {
                  members.add(new Layouts.MemberKey(number, set.slots().get(i)));
                }
              }
            });
    members.addAll(plan.changes().memberPuts);
    slots.putAll(plan.changes().slotPuts);
    plan.changes()
        .setPuts
        .forEach(
            (number, value) -> {
              counts.put(number, value.count());
              affinities.put(number, value.affinitySeconds());
            });
    plan.changes().setRemovals.forEach(counts::remove);
    plan.changes().slotRemovals.forEach(slots::remove);
    plan.changes().memberRemovals.forEach(members::remove);
    assertThat(slots).hasSize(counts.values().stream().mapToInt(Integer::intValue).sum());
    Map<Integer, ServicePlan.BackendSet> sets =
        counts.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e -> {
                      List<BackendValue> listed =
                          IntStream.range(0, e.getValue())
                              .mapToObj(i -> slots.get(new Layouts.SlotKey(e.getKey(), i)))
                              .toList();
                      long known = members.stream().filter(m -> m.set() == e.getKey()).count();
                      assertThat(known).isIn(0L, (long) listed.size());
                      return new ServicePlan.BackendSet(
                          listed, requireNonNull(affinities.get(e.getKey())), known > 0);
                    }));
    return new Tables(frontends, sets);
  }

  @Test
  void twoServicesMayNotShareAFrontend() {
    ServiceEntry first = service(1, 1);
    ServiceEntry second =
        ServiceEntry.of("other", Protocol.TCP, first.frontends(), first.backends());
    assertThatThrownBy(() -> table(first, second))
        .hasMessage("cannot give 10.128.0.2:80/TCP to other: s1 has it");
  }
}
