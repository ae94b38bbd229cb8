package dev.nacelle.kernel.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NetlinkSocketTest {
  private static final int ADDRESS = 0x0a090001;
  private static final int RANGE = 0x0a0a0000;
  private static final int BLOCK = 0x0a000000;

  private NetworkNamespace here;
  private NetworkNamespace there;
  private NetlinkSocket socket;
  private NetlinkSocket other;

  @BeforeEach
  void makeTwoNamespaces() {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root for namespaces");
    here = NetworkNamespace.create();
    there = NetworkNamespace.create();
    socket = here.call(NetlinkSocket::open);
    other = there.call(NetlinkSocket::open);
  }

  @AfterEach
  void closeThem() {
    socket.close();
    other.close();
    here.close();
    there.close();
  }

  private Link pair() {
    socket.send(
        new NetlinkBatch()
            .upLoopback()
            .createVeth(
                new VethPair(
                    "left", 0x020000000001L, "right", 0x020000000002L, there.descriptor(), 9000)));
    return socket.link("left").orElseThrow();
  }

  @Test
  void aPairIsMadeAcrossNamespacesAndGoesWithOneEnd() {
    Link left = pair();
    Link right = other.link("right").orElseThrow();
    assertThat(left.kind()).isEqualTo("veth");
    assertThat(left.mtu()).isEqualTo(9000);
    assertThat(left.peerIndex()).isEqualTo(right.index());
    assertThat(right.peerIndex()).isEqualTo(left.index());
    socket.send(new NetlinkBatch().deleteLink(left.index()).deleteLink(left.index()));
    assertThat(other.link("right")).isEmpty();
    assertThat(socket.links()).extracting(Link::name).containsExactly("lo");
  }

  @Test
  void addressesRoutesAndLabelsReadBackAsSet() {
    Link left = pair();
    Route far = new Route(Route.Kind.UNICAST, RANGE, 16, 110, 0, ADDRESS + 1, 0, 7, 1400);
    Route refusal = Route.unreachable(BLOCK, 12, 110, 1000);
    Route single = Route.toHost(0x0a0b0001, 110, left.index(), ADDRESS);
    NetlinkBatch batch =
        new NetlinkBatch()
            .withoutIpv6(left.index())
            .upForwarding(left.index(), "label", 77)
            .address(left.index(), ADDRESS, 24)
            .address(left.index(), ADDRESS, 24)
            .neighbour(left.index(), ADDRESS + 1, 0x020000000002L)
            .route(far)
            .route(far)
            .route(refusal)
            .route(single);
    socket.send(batch);
    assertThat(socket.link("left").orElseThrow().alias()).isEqualTo("label");
    assertThat(socket.addresses()).contains(new LinkAddress(left.index(), ADDRESS, 24));
    assertThat(socket.routes().stream().filter(r -> r.protocol() == 110))
        .containsExactlyInAnyOrder(
            new Route(Route.Kind.UNICAST, RANGE, 16, 110, left.index(), ADDRESS + 1, 0, 7, 1400),
            new Route(Route.Kind.UNREACHABLE, BLOCK, 12, 110, 0, 0, 0, 1000, 0),
            single);
    socket.send(new NetlinkBatch().deleteRoute(far).deleteRoute(far).deleteRoute(refusal));
    assertThat(socket.routes().stream().filter(r -> r.protocol() == 110)).containsExactly(single);
  }

  @Test
  void aGroupOfLinksGoesAtOnceAndNoOther() {
    Link left = pair();
    socket.send(
        new NetlinkBatch()
            .upForwarding(left.index(), "label", 77)
            .createVeth(
                new VethPair(
                    "second", 0x020000000003L, "far", 0x020000000004L, there.descriptor(), 1500)));
    socket.send(new NetlinkBatch().deleteGroup(77).deleteGroup(77));
    assertThat(socket.links()).extracting(Link::name).containsOnly("lo", "second");
  }

  @Test
  void aRefusalSaysWhatAndWhyAndTheOtherRequestsAreMade() {
    NetlinkBatch batch =
        new NetlinkBatch()
            .route(new Route(Route.Kind.UNICAST, RANGE, 16, 110, 0, ADDRESS, 0, 0, 0))
            .upLoopback();
    assertThatThrownBy(() -> socket.send(batch))
        .isInstanceOf(NetlinkException.class)
        .hasMessageContaining("cannot add route 10.10.0.0/16")
        .hasMessageContaining("invalid gateway");
    assertThat(socket.link("lo").orElseThrow().state()).isEqualTo(Link.State.UP);
    assertThat(socket.link("nobody")).isEmpty();
  }

  @Test
  void manyRequestsGoInOneBatch() {
    Link left = pair();
    NetlinkBatch batch = new NetlinkBatch().up(left.index()).address(left.index(), ADDRESS, 24);
    for (int i = 0; i < 1000; i++) {
      batch.route(Route.toHost(RANGE + i, 110, left.index(), ADDRESS));
    }
    socket.send(batch);
    assertThat(socket.routes()).hasSizeGreaterThanOrEqualTo(1000);
  }

  @Test
  void namespacesDifferByTheirCookie() {
    assertThat(socket.namespaceCookie()).isPositive().isNotEqualTo(other.namespaceCookie());
    assertThat(here.call(NetlinkSocket::open).namespaceCookie())
        .isEqualTo(socket.namespaceCookie());
  }
}
