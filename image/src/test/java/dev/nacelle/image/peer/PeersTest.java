package dev.nacelle.image.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.ChunkFillException;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts that fill one layer from one another, over real connections. */
final class PeersTest {
  private static final int CHUNKS = 64;

  @TempDir Path directory;
  private Optional<PeerCluster> made = Optional.empty();

  private PeerCluster cluster(int chunks) throws Exception {
    made = Optional.of(new PeerCluster(directory, chunks));
    return made.get();
  }

  @AfterEach
  void end() throws IOException {
    if (made.isPresent()) {
      made.get().close();
    }
  }

  /** An origin that must not be needed. */
  private static ChunkSource unreachable() {
    return new ChunkSource() {
      @Override
      public String name() {
        return "origin";
      }

      @Override
      public List<ByteBuffer> fetch(ChunkRange range) throws IOException {
        throw new IOException("nobody is there");
      }
    };
  }

  private static void fillAllAtOnce(List<PeerHost> hosts) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var filled = new ArrayList<Future<Void>>();
      for (PeerHost host : hosts) {
        Callable<Void> fill =
            () -> {
              host.fillAll();
              return null;
            };
        filled.add(threads.submit(fill));
      }
      for (Future<Void> one : filled) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError("a host could not fill the layer", e.getCause());
    }
  }

  private static void print(String what, long fromNanos, PeerCluster cluster) {
    System.out.printf(
        "%s: %d ms; %d chunks from the origin of %d that have bytes%n",
        what,
        (System.nanoTime() - fromNanos) / 1_000_000,
        cluster.chunksFromOrigin.get(),
        cluster.chunksWithBytes());
  }

  @Test
  void fourHostsThatStartAtOnceCostTheOriginAboutOneCopy() throws Exception {
    PeerCluster cluster = cluster(CHUNKS);
    List<PeerHost> hosts = cluster.hosts(4);
    cluster.openEverywhere();
    long from = System.nanoTime();
    fillAllAtOnce(hosts);
    print("four hosts at once", from, cluster);
    for (PeerHost host : hosts) {
      host.assertWhole();
      assertThat(host.count("nacelle_layer_fetched_bytes_total", "from=\"peer\"")).isPositive();
    }
    assertThat(cluster.chunksFromOrigin.get())
        .isBetween(cluster.chunksWithBytes(), (int) (cluster.chunksWithBytes() * 1.1));
  }

  @Test
  void aHostThatComesLaterNeedsNothingOfTheOrigin() throws Exception {
    PeerCluster cluster = cluster(CHUNKS);
    List<PeerHost> hosts = cluster.hosts(2);
    hosts.get(0).open(cluster.origin());
    hosts.get(0).fillAll();
    hosts.get(1).open(unreachable());
    long from = System.nanoTime();
    hosts.get(1).fillAll();
    print("a host that comes later", from, cluster);
    hosts.get(1).assertWhole();
    assertThat(hosts.get(1).count("nacelle_layer_fetched_bytes_total", "from=\"origin\"")).isZero();
    assertThat(hosts.get(0).count("nacelle_peer_served_bytes_total", "")).isPositive();
  }

  @Test
  void aLayerThatIsWholeAndAtRestIsGivenToo() throws Exception {
    PeerCluster cluster = cluster(20);
    List<PeerHost> hosts = cluster.hosts(2);
    hosts.get(0).shelf.data.put(PeerCluster.KEY, directory.resolve("data"));
    hosts.get(1).open(unreachable());
    hosts.get(1).fillAll();
    hosts.get(1).assertWhole();
  }

  @Test
  void anOwnerFetchesWhatItIsAskedForAndNobodyElseDoes() throws Exception {
    PeerCluster cluster = cluster(CHUNKS);
    List<PeerHost> hosts = cluster.hosts(2);
    hosts.get(0).open(cluster.origin());
    hosts.get(1).open(unreachable());
    PeerCluster.await("both know", () -> hosts.stream().allMatch(h -> h.near().holders() == 1));
    int[] owned = {0, 0};
    for (int group = 0; group < CHUNKS / 8; group++) {
      int chunk = group * 8 + 2; // not one of zeros
      if (hosts.get(0).near().owns(new ChunkRange(chunk, 1))) {
        hosts.get(1).fill(chunk);
        assertThat(hosts.get(0).layer().has(new ChunkRange(chunk, 1))).isTrue();
        owned[0]++;
      } else {
        assertThatThrownBy(() -> hosts.get(1).fill(chunk)).isInstanceOf(ChunkFillException.class);
        owned[1]++;
      }
    }
    // who owns what hangs on the ports of this run: PlacementTest has the balance
    assertThat(owned[0] + owned[1]).isEqualTo(CHUNKS / 8);
  }

  @Test
  void aPeerThatIsKilledInTheMiddleCostsNoData() throws Exception {
    PeerCluster cluster = cluster(CHUNKS);
    List<PeerHost> hosts = cluster.hosts(3);
    hosts.get(0).open(cluster.origin());
    hosts.get(0).fillAll();
    hosts.get(1).open(cluster.origin());
    hosts.get(2).open(cluster.origin());
    PeerCluster.await("all know", () -> hosts.stream().allMatch(h -> h.near().holders() == 2));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> filling =
          threads.submit(
              () -> {
                fillAllAtOnce(hosts.subList(1, 3));
                return true;
              });
      PeerCluster.await(
          "some of it has come", () -> hosts.get(1).layer().present().cardinality() > 8);
      hosts.get(0).stopServing();
      filling.get();
    }
    hosts.get(1).assertWhole();
    hosts.get(2).assertWhole();
  }

  @Test
  void aPeerThatLiesIsFoundOutCountedAndAskedLast() throws Exception {
    PeerCluster cluster = cluster(24);
    List<PeerHost> hosts = cluster.hosts(2);
    hosts.get(0).open(cluster.origin());
    hosts.get(0).fillAll();
    for (int chunk = 0; chunk < 24; chunk++) {
      hosts.get(0).spoil(chunk);
    }
    hosts.get(1).open(cluster.origin());
    int before = cluster.chunksFromOrigin.get();
    hosts.get(1).fillAll();
    hosts.get(1).assertWhole();
    assertThat(cluster.chunksFromOrigin.get() - before).isGreaterThanOrEqualTo(21);
    assertThat(hosts.get(1).count("nacelle_peer_wrong_chunks_total", "")).isPositive();
    assertThat(hosts.get(1).others()).extracting(Peer::isAvoided).contains(true);
  }

  @Test
  void onePeerThatLiedIsStillAskedWhereThereIsNobodyElse() throws Exception {
    PeerCluster cluster = cluster(24);
    List<PeerHost> hosts = cluster.hosts(2);
    hosts.get(0).open(cluster.origin());
    hosts.get(0).fillAll();
    hosts.get(0).spoil(0);
    hosts.get(1).open(unreachable());
    assertThatThrownBy(() -> hosts.get(1).fill(0))
        .isInstanceOf(ChunkFillException.class)
        .hasMessageContaining("wrong bytes");
    hosts.get(1).fill(23);
    assertThat(Bytes.wrap(hosts.get(1).layer().read(23))).isEqualTo(cluster.chunk(23));
  }

  @Test
  void contentComesFromAPeerByItsDigestAndIsCompared() throws Exception {
    PeerCluster cluster = cluster(3);
    List<PeerHost> hosts = cluster.hosts(3);
    String digest = hosts.get(0).shelf.add(Bytes.utf8("a manifest"));
    assertThat(hosts.get(2).peers.content(digest, 100)).contains(Bytes.utf8("a manifest"));
    String other = Sha256.of(Bytes.utf8("another"));
    assertThat(hosts.get(2).peers.content(other, 100)).isEmpty();
    hosts.get(0).shelf.content.put(other, Bytes.utf8("not that"));
    assertThat(hosts.get(2).peers.content(other, 100)).isEmpty();
    assertThat(hosts.get(2).others()).extracting(Peer::isAvoided).containsOnlyOnce(true);
  }

  @Test
  void contentThatIsLargerThanItMayBeIsNotTaken() throws Exception {
    PeerCluster cluster = cluster(3);
    List<PeerHost> hosts = cluster.hosts(2);
    String digest = hosts.get(0).shelf.add(Bytes.wrap(new byte[101]));
    assertThat(hosts.get(1).peers.content(digest, 100)).isEmpty();
  }

  @Test
  void metadataComesFromAPeerAndIsProved() throws Exception {
    PeerCluster cluster = cluster(3);
    List<PeerHost> hosts = cluster.hosts(3);
    Path image = directory.resolve("image");
    assertThat(hosts.get(1).peers.metadata(PeerCluster.KEY, cluster.index(), image)).isFalse();
    byte[] wrong = Files.readAllBytes(cluster.metadata);
    wrong[7]++;
    hosts
        .get(0)
        .shelf
        .metadata
        .put(PeerCluster.KEY, Files.write(directory.resolve("wrong"), wrong));
    assertThat(hosts.get(1).peers.metadata(PeerCluster.KEY, cluster.index(), image)).isFalse();
    assertThat(image).doesNotExist();
    hosts.get(2).shelf.metadata.put(PeerCluster.KEY, cluster.metadata);
    assertThat(hosts.get(1).peers.metadata(PeerCluster.KEY, cluster.index(), image)).isTrue();
    assertThat(image).hasSameBinaryContentAs(cluster.metadata);
  }

  @Test
  void peersThatLeaveAreNotAskedAnyMore() throws Exception {
    PeerCluster cluster = cluster(3);
    List<PeerHost> hosts = cluster.hosts(2);
    String digest = hosts.get(0).shelf.add(Bytes.utf8("a manifest"));
    hosts.get(1).realm.members(List.of());
    assertThat(hosts.get(1).peers.content(digest, 100)).isEmpty();
    assertThat(hosts.get(0).count("nacelle_peer_requests_total", "")).isZero();
  }
}
