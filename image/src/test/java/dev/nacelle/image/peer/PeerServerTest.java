package dev.nacelle.image.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.image.stream.ChunkRange;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocol as a client sees it that is no platform. */
final class PeerServerTest {
  private static final String LAYER = "layers/" + PeerCluster.KEY;

  @TempDir Path directory;
  private PeerCluster cluster;
  private PeerHost host;
  private HttpClient node;

  @BeforeEach
  void start() throws Exception {
    cluster = new PeerCluster(directory, 20);
    host = cluster.host();
    node = cluster.http(Optional.of(identity("system:nodes")));
  }

  @AfterEach
  void end() throws IOException {
    node.close();
    cluster.close();
  }

  private TlsIdentity identity(String group) {
    return PeerCluster.client(cluster.authority, "system:node:other", group);
  }

  private HttpRequest get(String path) {
    return HttpRequest.get(URI.create(host.url() + PeerProtocol.ROOT + path));
  }

  private static int status(HttpClient client, HttpRequest request) throws Exception {
    try (HttpResponse response = client.send(request)) {
      return response.status();
    }
  }

  private Bytes body(String path) throws Exception {
    try (HttpResponse response = node.send(get(path))) {
      assertThat(response.status()).isEqualTo(200);
      return response.bytes(16 << 20);
    }
  }

  private static String chunks(int first, int count, String absent) {
    return LAYER + "/chunks?first=" + first + "&count=" + count + "&absent=" + absent;
  }

  @Test
  void whoShowsNothingIsUnknown() throws Exception {
    host.shelf.data.put(PeerCluster.KEY, directory.resolve("data"));
    try (HttpClient stranger = cluster.http(Optional.empty())) {
      assertThat(status(stranger, get(LAYER))).isEqualTo(401);
      assertThat(status(stranger, get(LAYER).with("authorization", "Bearer wrong"))).isEqualTo(401);
      assertThat(status(stranger, get(LAYER).with("authorization", "Bearer "))).isEqualTo(401);
    }
    assertThat(host.count("nacelle_peer_requests_total", "denied")).isEqualTo(3);
  }

  @Test
  void aCertificateOfAnotherAuthorityIsUnknown() throws Exception {
    CertificateAuthority other =
        CertificateAuthority.create("peers", Instant.now(), Duration.ofDays(1));
    TlsIdentity node = PeerCluster.client(other, "system:node:other", "system:nodes");
    try (HttpClient stranger = cluster.http(Optional.of(node))) {
      assertThat(status(stranger, get(LAYER))).isEqualTo(401);
    }
  }

  @Test
  void aPersonOfTheClusterIsNoNode() throws Exception {
    try (HttpClient person = cluster.http(Optional.of(identity("system:masters")))) {
      assertThat(status(person, get(LAYER))).isEqualTo(403);
    }
  }

  @Test
  void theTokenLetsIn() throws Exception {
    host.shelf.data.put(PeerCluster.KEY, directory.resolve("data"));
    try (HttpClient instance = cluster.http(Optional.empty())) {
      assertThat(status(instance, get(LAYER).with("authorization", "Bearer " + PeerHost.TOKEN)))
          .isEqualTo(200);
    }
  }

  @Test
  void whatIsNotHereIsNotFoundAtOnce() throws Exception {
    assertThat(status(node, get(LAYER))).isEqualTo(404);
    assertThat(status(node, get(LAYER + "/metadata"))).isEqualTo(404);
    assertThat(status(node, get(chunks(0, 1, "fill")))).isEqualTo(404);
    assertThat(status(node, get("content/sha256:" + "0".repeat(64)))).isEqualTo(404);
  }

  @Test
  void aLayerTellsWhichChunksAreHere() throws Exception {
    host.open(cluster.origin());
    assertThat(body(LAYER).isEmpty()).isTrue();
    host.fill(3);
    host.fill(9);
    assertThat(BitSet.valueOf(body(LAYER).unsafeArray()).stream().toArray())
        .containsExactly(host.layer().present().stream().toArray());
    assertThat(body(chunks(3, 1, "refuse"))).isEqualTo(cluster.chunk(3));
    try (HttpResponse absent = node.send(get(chunks(17, 1, "refuse")))) {
      assertThat(absent.status()).isEqualTo(404);
      assertThat(absent.headers().first(PeerProtocol.LAYER)).contains(PeerProtocol.PART);
    }
  }

  @Test
  void whatIsMissingIsFetchedForOthersByItsOwnerAlone() throws Exception {
    host.open(cluster.origin());
    assertThat(host.near().owns(new ChunkRange(0, 1))).isTrue(); // it knows nobody else
    assertThat(body(chunks(0, 1, "fill"))).isEqualTo(cluster.chunk(0));
    PeerHost other = cluster.host();
    other.open(cluster.origin());
    cluster.introduce();
    host.near().serve(host.layer());
    other.near().serve(other.layer());
    PeerCluster.await("they know", () -> host.near().holders() == 1);
    for (int first = 8; first < 20; first += 8) {
      boolean owned = host.near().owns(new ChunkRange(first, 1));
      assertThat(status(node, get(chunks(first, 1, "fill")))).isEqualTo(owned ? 200 : 404);
    }
  }

  @Test
  void chunksOfAWholeLayerAreItsBytes() throws Exception {
    host.shelf.data.put(PeerCluster.KEY, directory.resolve("data"));
    try (HttpResponse response = node.send(get(LAYER))) {
      assertThat(response.headers().first(PeerProtocol.LAYER)).contains(PeerProtocol.WHOLE);
    }
    assertThat(body(chunks(5, 1, "refuse"))).isEqualTo(cluster.chunk(5));
    assertThat(body(chunks(19, 1, "refuse"))).isEqualTo(cluster.chunk(19));
    assertThat(body(chunks(16, 4, "refuse")).sizeBytes()).isEqualTo(3 * (512 << 10) + 4096);
    assertThat(status(node, get(chunks(16, 5, "refuse")))).isEqualTo(404);
    assertThat(status(node, get(chunks(20, 1, "refuse")))).isEqualTo(404);
    assertThat(status(node, get(chunks(999_999_999, 1, "fill")))).isEqualTo(404);
  }

  @Test
  void garbageIsRefused() throws Exception {
    host.open(cluster.origin());
    String[] paths = {
      "",
      "/",
      "layers",
      "layers/",
      "layers/../../etc/passwd",
      "layers/%2e%2e%2fx",
      "layers/" + "A".repeat(64) + "-s1",
      "layers/" + PeerCluster.KEY + "9999999999",
      LAYER + "/",
      LAYER + "/what",
      LAYER + "/chunks",
      LAYER + "/chunks/0?first=0&count=1",
      chunks(0, 0, "fill"),
      chunks(0, 9, "fill"),
      chunks(7, 2, "fill"),
      chunks(0, 1, "perhaps"),
      LAYER + "/chunks?first=-1&count=1",
      LAYER + "/chunks?first=99999999999&count=1",
      LAYER + "/chunks?first=0&count=1e3",
      "content/",
      "content/sha256:zz",
      "content/sha512:" + "0".repeat(64),
      "content/sha256:" + "0".repeat(64) + "/x",
    };
    for (String path : paths) {
      assertThat(status(node, get(path))).as(path).isEqualTo(400);
    }
    URI elsewhere = URI.create(host.url() + "/peer/v2/" + LAYER);
    assertThat(status(node, HttpRequest.get(elsewhere))).isEqualTo(400);
    assertThat(status(node, HttpRequest.of("DELETE", get(LAYER).uri()))).isEqualTo(405);
    assertThat(status(node, get(LAYER).with(Bytes.utf8("a body")))).isEqualTo(400);
  }

  @Test
  void noRequestMadeOfNoiseIsAnsweredWithMoreThanARefusal() throws Exception {
    host.open(cluster.origin());
    var random = new Random(7);
    String alphabet = "/?&=%.:-_abcdef0123456789slayerchunkfilt";
    for (int n = 0; n < 300; n++) {
      var path = new StringBuilder(random.nextBoolean() ? LAYER + "/" : "");
      for (int i = random.nextInt(80); i > 0; i--) {
        char c = alphabet.charAt(random.nextInt(alphabet.length()));
        path.append(c == '%' ? "%2f" : String.valueOf(c));
      }
      assertThat(status(node, get(path.toString()))).as(path.toString()).isIn(400, 404);
    }
    assertThat(body(chunks(0, 1, "fill"))).isEqualTo(cluster.chunk(0));
  }
}
