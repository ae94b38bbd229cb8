package dev.nacelle.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.kernel.netlink.Link;
import dev.nacelle.kernel.netlink.Route;
import dev.nacelle.network.Backend;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.DatapathException;
import dev.nacelle.network.Endpoint;
import dev.nacelle.network.EndpointSpec;
import dev.nacelle.network.Frontend;
import dev.nacelle.network.HostRoutes;
import dev.nacelle.network.HostRoutes.HostRoute;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import dev.nacelle.network.Protocol;
import dev.nacelle.network.ServiceEntry;
import dev.nacelle.network.ServiceTable;
import dev.nacelle.network.TrafficPolicy;
import dev.nacelle.testkit.e2e.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every datapath promises. The stage: a host with an uplink to somebody outside, who knows no
 * way to pods. Needs root; skips by name else.
 */
public abstract class DatapathContract {
  static final Ipv4 HOST = Ipv4.parse("198.51.100.1");
  static final Ipv4 OUTSIDER = Ipv4.parse("198.51.100.2");
  static final Ipv4 SERVICE = Ipv4.parse("10.228.0.20");
  private static final Ipv4Range PODS = Ipv4Range.parse("10.164.0.0/16");
  private static final Ipv4Range SERVICES = Ipv4Range.parse("10.228.0.0/16");

  @TempDir Path directory;
  private final String instance =
      "contract-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
  private final List<TestHost> hosts = new ArrayList<>();
  private final List<Datapath> datapaths = new ArrayList<>();
  private TestHost host;
  private TestHost outside;
  private Datapath datapath;

  /** Opens the datapath under test. */
  protected abstract Datapath open(DatapathConfig config);

  @BeforeEach
  void setTheStage() throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/net/ipv4/ip_forward")), "needs root for namespaces");
    host = host();
    outside = host();
    host.cable("uplink0", HOST, outside, "eth0", OUTSIDER);
    host.defaultRoute(OUTSIDER);
    datapath = opened(config());
  }

  final DatapathConfig config() {
    return config(instance, host, HOST, "10.164.0.0/21");
  }

  final Datapath datapath() {
    return datapath;
  }

  final TestHost stage() {
    return host;
  }

  final TestHost outside() {
    return outside;
  }

  final String instance() {
    return instance;
  }

  /** It was closed by the test itself. */
  final void forget(Datapath closed) {
    datapaths.remove(closed);
  }

  @AfterEach
  void clearTheStage() {
    datapaths.reversed().forEach(Datapath::release);
    hosts.reversed().forEach(TestHost::close);
  }

  final TestHost host() {
    TestHost made = new TestHost();
    hosts.add(made);
    return made;
  }

  private DatapathConfig config(String name, TestHost on, Ipv4 address, String podCidr) {
    return new DatapathConfig(
        name,
        directory.resolve(name),
        PODS,
        SERVICES,
        Ipv4Range.parse(podCidr),
        address,
        on.namespace().path());
  }

  final Datapath opened(DatapathConfig config) {
    Datapath made = open(config);
    datapaths.add(made);
    return made;
  }

  record Pod(TestHost host, Ipv4 address) {}

  final Pod pod(String uid) {
    return pod(datapath, uid);
  }

  final Pod pod(Datapath on, String uid) {
    TestHost namespace = host();
    Endpoint endpoint = on.attach(EndpointSpec.of(uid, namespace.namespace().path()));
    return new Pod(namespace, endpoint.address());
  }

  final Pod server(String uid, int port) {
    Pod pod = pod(uid);
    new EchoServer(pod.host(), uid, port);
    return pod;
  }

  static ServiceTable table(ServiceEntry... services) {
    return new ServiceTable(List.of(services));
  }

  @Test
  void podsAndHostReachEachOther() throws Exception {
    Pod a = server("a", 8080);
    Pod b = server("b", 8080);
    new EchoServer(host, "host", 9090);
    assertThat(EchoClient.tcp(a.host(), b.address(), 8080)).isEqualTo("b " + a.address());
    assertThat(EchoClient.udp(b.host(), a.address(), 8080)).startsWith("a " + b.address());
    assertThat(EchoClient.tcp(host, a.address(), 8080)).isEqualTo("a " + HOST);
    assertThat(EchoClient.tcp(a.host(), HOST, 9090)).isEqualTo("host " + a.address());
    assertThat(a.host().pings(b.address())).isTrue();
    assertThat(a.host().pings(HOST)).isTrue();
    assertThat(host.pings(b.address())).isTrue();
  }

  @Test
  void anAddressStaysWithItsPodAndIsNeverHeldTwice() {
    Pod a = pod("a");
    Endpoint again = datapath.attach(EndpointSpec.of("a", a.host().namespace().path()));
    assertThat(again.address()).isEqualTo(a.address());
    assertThat(pod("b").address()).isNotEqualTo(a.address());
    TestHost third = host();
    assertThatThrownBy(
            () -> datapath.attach(new EndpointSpec("c", third.namespace().path(), a.address())))
        .isInstanceOf(DatapathException.class)
        .hasMessageContaining("pod a holds it");
    datapath.detach("a");
    assertThat(pod("d").address()).isNotEqualTo(a.address());
  }

  @Test
  void aPodMayMoveToANewNamespace() {
    Pod a = server("a", 8080);
    Pod client = pod("client");
    TestHost fresh = host();
    Endpoint moved = datapath.attach(EndpointSpec.of("a", fresh.namespace().path()));
    new EchoServer(fresh, "fresh", 8080);
    assertThat(moved.address()).isEqualTo(a.address());
    assertThat(EchoClient.tcp(client.host(), a.address(), 8080)).startsWith("fresh ");
  }

  @Test
  void aServiceAnswersPodsAndHostByTcpAndUdp() {
    Pod a = server("a", 8080);
    Pod client = pod("client");
    datapath.applyServices(
        table(
            ServiceEntry.of(
                "t",
                Protocol.TCP,
                List.of(Frontend.clusterIp(SERVICE, 80)),
                List.of(Backend.local(a.address(), 8080))),
            ServiceEntry.of(
                "u",
                Protocol.UDP,
                List.of(Frontend.clusterIp(SERVICE, 53)),
                List.of(Backend.local(a.address(), 8080)))));
    assertThat(EchoClient.tcp(client.host(), SERVICE, 80)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp4(client.host(), SERVICE, 80)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp(host, SERVICE, 80)).isEqualTo("a " + HOST);
    assertThat(EchoClient.udp(client.host(), SERVICE, 53))
        .isEqualTo("a " + client.address() + " from " + SERVICE + ":53");
    assertThat(EchoClient.udp(host, SERVICE, 53))
        .isEqualTo("a " + HOST + " from " + SERVICE + ":53");
    assertThat(EchoClient.tcp(a.host(), SERVICE, 80)).isEqualTo("a " + a.address());
  }

  @Test
  void allBackendsOfAServiceAreUsedAndThoseRemovedAreNot() {
    Pod a = server("a", 8080);
    Pod b = server("b", 8080);
    Pod c = server("c", 8080);
    List<Frontend> frontends = List.of(Frontend.clusterIp(SERVICE, 80));
    Backend[] backends = {
      Backend.local(a.address(), 8080),
      Backend.local(b.address(), 8080),
      Backend.local(c.address(), 8080)
    };
    datapath.applyServices(table(ServiceEntry.of("s", Protocol.TCP, frontends, List.of(backends))));
    assertThat(names(host, SERVICE, 80, 60)).containsExactlyInAnyOrder("a", "b", "c");
    datapath.applyServices(
        table(ServiceEntry.of("s", Protocol.TCP, frontends, List.of(backends[1], backends[2]))));
    assertThat(names(host, SERVICE, 80, 60)).containsExactlyInAnyOrder("b", "c");
  }

  private static Set<String> names(TestHost from, Ipv4 address, int port, int times) {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < times; i++) {
      names.add(EchoClient.tcp(from, address, port).split(" ", 2)[0]);
    }
    return names;
  }

  @Test
  void aClientStaysWithItsBackendUntilThatGoes() {
    Pod a = server("a", 8080);
    Pod b = server("b", 8080);
    List<Backend> backends =
        List.of(Backend.local(a.address(), 8080), Backend.local(b.address(), 8080));
    datapath.applyServices(table(sticky(backends)));
    Set<String> first = names(host, SERVICE, 80, 20);
    assertThat(first).hasSize(1);
    assertThat(names(outside, HOST, 30080, 20)).hasSize(1);
    Backend other = first.contains("a") ? backends.get(1) : backends.get(0);
    datapath.applyServices(table(sticky(List.of(other))));
    assertThat(names(host, SERVICE, 80, 5)).hasSize(1).doesNotContainAnyElementsOf(first);
  }

  private static ServiceEntry sticky(List<Backend> backends) {
    return new ServiceEntry(
        "s",
        Protocol.TCP,
        List.of(Frontend.clusterIp(SERVICE, 80), Frontend.nodePort(30080)),
        backends,
        Duration.ofHours(3),
        TrafficPolicy.CLUSTER,
        TrafficPolicy.CLUSTER);
  }

  @Test
  void aServiceWithoutEndpointsRefusesAtOnce() {
    Pod client = pod("client");
    datapath.applyServices(
        table(
            ServiceEntry.of(
                "s",
                Protocol.TCP,
                List.of(Frontend.clusterIp(SERVICE, 80), Frontend.nodePort(30080)),
                List.of())));
    assertThat(EchoClient.tcp(client.host(), SERVICE, 80)).isEqualTo("failed: Connection refused");
    assertThat(EchoClient.tcp4(host, SERVICE, 80)).isEqualTo("failed: Connection refused");
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("failed: Connection refused");
  }

  @Test
  void anAddressThatNobodyHoldsIsRefusedAtOnce() {
    Pod client = pod("client");
    for (Ipv4 nobody : List.of(Ipv4.parse("10.228.9.9"), Ipv4.parse("10.164.200.9"))) {
      assertThat(EchoClient.tcp(client.host(), nobody, 80)).isEqualTo("failed: No route to host");
      assertThat(EchoClient.tcp(host, nobody, 80)).startsWith("failed: No route to host");
    }
  }

  @Test
  void aNodePortAnswersOutsidersPodsAndHost() {
    Pod a = server("a", 8080);
    Pod client = pod("client");
    List<Backend> backends = List.of(Backend.local(a.address(), 8080));
    datapath.applyServices(
        table(
            ServiceEntry.of("t", Protocol.TCP, List.of(Frontend.nodePort(30080)), backends),
            ServiceEntry.of("u", Protocol.UDP, List.of(Frontend.nodePort(30053)), backends)));
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("a " + OUTSIDER);
    assertThat(EchoClient.udp(outside, HOST, 30053))
        .isEqualTo("a " + OUTSIDER + " from " + HOST + ":30053");
    assertThat(EchoClient.tcp(client.host(), HOST, 30080)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp(host, HOST, 30080)).isEqualTo("a " + HOST);
    assertThat(EchoClient.tcp(host, Ipv4.parse("127.0.0.1"), 30080)).isEqualTo("a " + HOST);
  }

  @Test
  void anInterfaceThatComesLaterLeadsOffTheHostToo() {
    Pod a = server("a", 8080);
    datapath.applyServices(table(both("s", SERVICE, 30080, a)));
    TestHost later = host();
    Ipv4 here = Ipv4.parse("192.0.2.1");
    Ipv4 there = Ipv4.parse("192.0.2.2");
    host.cable("late0", here, later, "late0", there);
    new EchoServer(later, "later", 7070);
    Eventually.holds(
        "the node port answers at the new interface",
        () -> EchoClient.tcp(later, here, 30080).equals("a " + there));
    assertThat(EchoClient.tcp(a.host(), there, 7070)).isEqualTo("later " + here);
  }

  @Test
  void aNodePortMayLeadToTheHostItself() {
    new EchoServer(host, "host", 9090);
    datapath.applyServices(
        table(
            ServiceEntry.of(
                "s",
                Protocol.TCP,
                List.of(Frontend.nodePort(30080), Frontend.clusterIp(SERVICE, 443)),
                List.of(Backend.local(HOST, 9090)))));
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("host " + OUTSIDER);
    Pod client = pod("client");
    assertThat(EchoClient.tcp(client.host(), SERVICE, 443)).isEqualTo("host " + client.address());
  }

  @Test
  void aLocalPolicyUsesOnlyBackendsOfThisHost() {
    Pod a = server("a", 8080);
    Ipv4 elsewhere = Ipv4.parse("10.164.8.9");
    datapath.applyServices(
        table(
            new ServiceEntry(
                "s",
                Protocol.TCP,
                List.of(Frontend.clusterIp(SERVICE, 80), Frontend.nodePort(30080)),
                List.of(Backend.remote(elsewhere, 8080), Backend.local(a.address(), 8080)),
                Duration.ZERO,
                TrafficPolicy.LOCAL,
                TrafficPolicy.LOCAL)));
    assertThat(names(host, SERVICE, 80, 15)).containsExactly("a");
    assertThat(names(outside, HOST, 30080, 15)).containsExactly("a");
  }

  @Test
  void podsLeaveTheClusterAsTheirHost() throws Exception {
    Pod a = pod("a");
    new EchoServer(outside, "outside", 7070);
    assertThat(EchoClient.tcp(a.host(), OUTSIDER, 7070)).isEqualTo("outside " + HOST);
    assertThat(EchoClient.udp(a.host(), OUTSIDER, 7070))
        .isEqualTo("outside " + HOST + " from " + OUTSIDER + ":7070");
    assertThat(a.host().pings(OUTSIDER)).isTrue();
    assertThat(a.host().run("busybox", "ping", "-c", "1", "-W", "2", "-s", "4000", "" + OUTSIDER))
        .contains(" 0% packet");
  }

  @Test
  void errorsFromOutsideFindTheirWayToThePod() {
    Pod a = pod("a");
    assertThat(EchoClient.connectedUdp(a.host(), OUTSIDER, 7071))
        .isEqualTo("failed: port unreachable");
  }

  @Test
  void twoInstancesOnOneHostDoNotTouchEachOther() {
    Ipv4 otherService = Ipv4.parse("10.229.0.20");
    Datapath other =
        opened(
            new DatapathConfig(
                instance + "-other",
                directory.resolve("other"),
                Ipv4Range.parse("10.165.0.0/16"),
                Ipv4Range.parse("10.229.0.0/16"),
                Ipv4Range.parse("10.165.0.0/21"),
                HOST,
                host.namespace().path()));
    Pod a = server("a", 8080);
    Pod b = pod(other, "b");
    new EchoServer(b.host(), "b", 8080);
    new EchoServer(outside, "outside", 7070);
    datapath.applyServices(table(both("s", SERVICE, 30080, a)));
    other.applyServices(table(both("s", otherService, 30081, b)));
    assertThat(EchoClient.tcp(host, SERVICE, 80)).isEqualTo("a " + HOST);
    assertThat(EchoClient.tcp(host, otherService, 80)).isEqualTo("b " + HOST);
    assertThat(EchoClient.tcp(a.host(), otherService, 80)).startsWith("failed: ");
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("a " + OUTSIDER);
    assertThat(EchoClient.tcp(outside, HOST, 30081)).isEqualTo("b " + OUTSIDER);
    for (int i = 0; i < 20; i++) {
      assertThat(EchoClient.tcp(a.host(), OUTSIDER, 7070)).isEqualTo("outside " + HOST);
      assertThat(EchoClient.tcp(b.host(), OUTSIDER, 7070)).isEqualTo("outside " + HOST);
    }
    other.release();
    datapaths.remove(other);
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("a " + OUTSIDER);
    assertThat(EchoClient.tcp(a.host(), OUTSIDER, 7070)).isEqualTo("outside " + HOST);
    assertThat(EchoClient.tcp(outside, HOST, 30081)).isEqualTo("failed: Connection refused");
  }

  static ServiceEntry both(String name, Ipv4 address, int nodePort, Pod backend) {
    return ServiceEntry.of(
        name,
        Protocol.TCP,
        List.of(Frontend.clusterIp(address, 80), Frontend.nodePort(nodePort)),
        List.of(Backend.local(backend.address(), 8080)));
  }

  @Test
  void aPodKnownByAnAddressGetsIt() {
    Ipv4 known = Ipv4.parse("10.164.3.77");
    TestHost namespace = host();
    EndpointSpec spec = new EndpointSpec("a", namespace.namespace().path(), known);
    assertThat(datapath.attach(spec).address()).isEqualTo(known);
  }

  @Test
  void aNamespaceThatIsGoneIsAClearError() {
    assertThatThrownBy(() -> datapath.attach(EndpointSpec.of("a", Path.of("/proc/self/fd/9999"))))
        .isInstanceOf(DatapathException.class)
        .hasMessageContaining("cannot connect pod a: cannot open network namespace");
  }

  @Test
  void aRestartAdoptsAllAndTrafficFlowsMeanwhile() {
    Pod a = server("a", 8080);
    Pod client = pod("client");
    ServiceTable services =
        table(
            ServiceEntry.of(
                "s",
                Protocol.TCP,
                List.of(Frontend.clusterIp(SERVICE, 80), Frontend.nodePort(30080)),
                List.of(Backend.local(a.address(), 8080))));
    datapath.applyServices(services);
    datapath.close();
    datapaths.clear();
    assertThat(EchoClient.tcp(client.host(), SERVICE, 80)).isEqualTo("a " + client.address());
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("a " + OUTSIDER);

    Datapath next = opened(config());
    assertThat(next.endpoints())
        .extracting(Endpoint::podUid, Endpoint::address)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("a", a.address()),
            org.assertj.core.groups.Tuple.tuple("client", client.address()));
    assertThat(EchoClient.tcp(client.host(), SERVICE, 80)).isEqualTo("a " + client.address());
    next.applyServices(services);
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("a " + OUTSIDER);
    next.retain(Set.of("a"));
    assertThat(next.endpoints()).extracting(Endpoint::podUid).containsExactly("a");
    assertThat(EchoClient.tcp(host, a.address(), 8080)).isEqualTo("a " + HOST);
    next.applyServices(ServiceTable.EMPTY);
    assertThat(EchoClient.tcp(host, SERVICE, 80)).startsWith("failed: No route to host");
  }

  @Test
  void twoHostsReachEachOthersPodsAndServices() throws Exception {
    Ipv4 secondAddress = Ipv4.parse("198.51.101.2");
    Ipv4 firstAddress = Ipv4.parse("198.51.101.1");
    TestHost second = host();
    host.cable("cable0", firstAddress, second, "eth0", secondAddress);
    second.defaultRoute(firstAddress);
    Datapath there = opened(config(instance + "-2", second, secondAddress, "10.164.8.0/21"));
    datapath.applyRoutes(
        new HostRoutes(List.of(new HostRoute(Ipv4Range.parse("10.164.8.0/21"), secondAddress))));
    there.applyRoutes(
        new HostRoutes(List.of(new HostRoute(Ipv4Range.parse("10.164.0.0/21"), firstAddress))));
    Pod here = server("here", 8080);
    Pod away = pod(there, "away");
    new EchoServer(away.host(), "away", 8080);

    assertThat(EchoClient.tcp(here.host(), away.address(), 8080))
        .isEqualTo("away " + here.address());
    assertThat(EchoClient.tcp(away.host(), here.address(), 8080))
        .isEqualTo("here " + away.address());
    assertThat(away.host().pings(here.address())).isTrue();
    ServiceEntry service =
        ServiceEntry.of(
            "s",
            Protocol.TCP,
            List.of(Frontend.clusterIp(SERVICE, 80), Frontend.nodePort(30080)),
            List.of(Backend.remote(away.address(), 8080)));
    datapath.applyServices(table(service));
    assertThat(EchoClient.tcp(here.host(), SERVICE, 80)).isEqualTo("away " + here.address());
    // the second host was told of no Service: the first one's are none of its own
    assertThat(EchoClient.tcp(away.host(), SERVICE, 80)).startsWith("failed: No route to host");
    // a backend elsewhere answers through this host
    assertThat(EchoClient.tcp(outside, HOST, 30080)).isEqualTo("away " + firstAddress);
    datapath.applyRoutes(HostRoutes.EMPTY);
    assertThat(EchoClient.tcp(here.host(), away.address(), 8080))
        .startsWith("failed: No route to host");
  }

  @Test
  void releaseLeavesNothing() {
    Pod a = pod("a");
    datapath.applyServices(
        table(
            ServiceEntry.of(
                "s",
                Protocol.TCP,
                List.of(Frontend.clusterIp(SERVICE, 80)),
                List.of(Backend.local(a.address(), 8080)))));
    datapath.release();
    datapaths.clear();
    assertThat(host.netlink().links()).extracting(Link::name).containsOnly("lo", "uplink0");
    assertThat(host.netlink().routes())
        .extracting(Route::kind)
        .doesNotContain(Route.Kind.UNREACHABLE);
    assertThat(Path.of("/sys/fs/bpf/nacelle", instance)).doesNotExist();
  }
}
