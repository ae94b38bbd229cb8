package dev.nacelle.network;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.bpf.MapLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ServiceMapsTest {
  private final Map<String, BpfMap> maps = new HashMap<>();

  @BeforeEach
  void makeTheMaps() {
    assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root for bpf");
    DatapathPrograms.ofThisBuild().objects().getFirst().maps().stream()
        .filter(l -> List.of("frontends", "sets", "slots", "members").contains(l.name()))
        .forEach(l -> maps.put(l.name(), BpfMap.create(small(l))));
  }

  private static MapLayout small(MapLayout l) {
    return new MapLayout(l.name(), l.type(), l.keySize(), l.valueSize(), 8192, l.flags());
  }

  @AfterEach
  void closeThem() {
    maps.values().forEach(BpfMap::close);
  }

  private ServiceMaps open() {
    return new ServiceMaps(name -> requireNonNull(maps.get(name)));
  }

  private static ServiceEntry service(int number, int backends) {
    List<Backend> list = new ArrayList<>();
    for (int i = 0; i < backends; i++) {
      list.add(Backend.local(new Ipv4(0x0a400001 + i), 80));
    }
    return ServiceEntry.of(
        "s" + number,
        number % 2 == 0 ? Protocol.TCP : Protocol.UDP,
        List.of(Frontend.clusterIp(new Ipv4(0x0a800001 + number), 80)),
        list);
  }

  @Test
  void theKernelIsTouchedOnlyWhereTablesDiffer() {
    List<ServiceEntry> services = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      services.add(service(i, 3));
    }
    ServiceMaps tables = open();
    tables.apply(new ServiceTable(services));
    assertThat(tables.apply(new ServiceTable(services))).isZero();
    services.set(8, service(8, 4));
    assertThat(tables.apply(new ServiceTable(services))).isEqualTo(2);
    assertThat(open().apply(new ServiceTable(services))).as("after a restart").isZero();
  }

  @Test
  void manyTablesOneAfterTheOtherLeaveWhatOneAloneDoes() {
    Random random = new Random(5);
    ServiceMaps tables = open();
    for (int round = 0; round < 60; round++) {
      if (random.nextInt(10) == 0) {
        tables = open();
      }
      List<ServiceEntry> services = new ArrayList<>();
      int slots = 0;
      for (int i = 0; i < 30; i++) {
        int backends = random.nextInt(5);
        if (random.nextBoolean()) {
          services.add(service(i, backends));
          slots += backends;
        }
      }
      tables.apply(new ServiceTable(services));
      assertThat(size("frontends")).as("round %d of seed 5", round).isEqualTo(services.size());
      assertThat(size("slots")).as("round %d of seed 5", round).isEqualTo(slots);
      assertThat(open().apply(new ServiceTable(services))).isZero();
    }
    tables.apply(ServiceTable.EMPTY);
    assertThat(maps.keySet()).allMatch(name -> size(name) == 0);
  }

  private int size(String map) {
    return requireNonNull(maps.get(map)).entries().size();
  }
}
