package dev.nacelle.image.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.FileChunkSource;
import dev.nacelle.image.stream.StreamConversion;
import dev.nacelle.image.stream.StreamForm;
import dev.nacelle.image.stream.StreamIndex;
import dev.nacelle.image.stream.VerityTree;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** Hosts in one process that share an authority, and one layer at an origin that is counted. */
final class PeerCluster implements AutoCloseable {
  static final String KEY = "0a".repeat(32) + "-s1";
  private static final String DIFF_ID = "sha256:" + "0123456789abcdef".repeat(4);
  private static final Duration LIFE = Duration.ofDays(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  final EventLoops loops = EventLoops.start(1);
  final CertificateAuthority authority = CertificateAuthority.create("peers", Instant.now(), LIFE);
  final TlsIdentity serving = serving();
  final AtomicInteger chunksFromOrigin = new AtomicInteger();
  final byte[] data;
  final Path metadata;
  final StreamForm form;
  final List<PeerHost> hosts = new ArrayList<>();
  private final Path directory;

  /** A layer of noise, a chunk of zeros here and there; the last chunk has a single block. */
  PeerCluster(Path directory, int chunks) throws IOException, InterruptedException {
    this.directory = directory;
    data = new byte[(chunks - 1) * VerityTree.CHUNK_BYTES + VerityTree.BLOCK_BYTES];
    new Random(chunks).nextBytes(data);
    for (int n = 5; n < chunks - 1; n += 11) {
      int from = n * VerityTree.CHUNK_BYTES;
      Arrays.fill(data, from, from + VerityTree.CHUNK_BYTES, (byte) 0);
    }
    Path file = Files.write(directory.resolve("data"), data);
    metadata = Files.write(directory.resolve("metadata"), Arrays.copyOf(data, 5 * 4096));
    form =
        new StreamConversion(2)
            .convert(DIFF_ID, metadata, file, Files.createDirectory(directory.resolve("form")));
  }

  StreamIndex index() {
    return form.index();
  }

  /** The origin, whose chunks are counted. */
  ChunkSource origin() {
    var file = new FileChunkSource(index(), form.chunkBlob().file());
    return new ChunkSource() {
      @Override
      public String name() {
        return "origin";
      }

      @Override
      public List<ByteBuffer> fetch(ChunkRange range) throws IOException {
        chunksFromOrigin.addAndGet(range.count());
        return file.fetch(range);
      }
    };
  }

  /** Chunks that must come from somewhere. */
  int chunksWithBytes() {
    int count = 0;
    for (int n = 0; n < index().chunks(); n++) {
      count += index().encoding(n) == StreamIndex.Encoding.ZEROS ? 0 : 1;
    }
    return count;
  }

  private TlsIdentity serving() {
    var pair = KeyPairs.generateP256();
    var names = new SubjectAlternatives(List.of(), List.of(InetAddress.getLoopbackAddress()));
    var profile = CertificateProfile.server(SubjectName.of("host"), names, Instant.now(), LIFE);
    return new TlsIdentity(pair.getPrivate(), List.of(authority.issue(pair.getPublic(), profile)));
  }

  static TlsIdentity client(CertificateAuthority signer, String name, String... groups) {
    var pair = KeyPairs.generateP256();
    var profile = CertificateProfile.client(SubjectName.of(name, groups), Instant.now(), LIFE);
    return new TlsIdentity(pair.getPrivate(), List.of(signer.issue(pair.getPublic(), profile)));
  }

  HttpClient http(Optional<TlsIdentity> identity) {
    var builder =
        HttpClient.builder()
            .trust(List.of(authority.certificate()))
            .connectTimeout(Duration.ofSeconds(5));
    identity.ifPresent(i -> builder.identity(() -> i));
    return builder.build();
  }

  PeerHost host() throws IOException {
    String name = "host-" + hosts.size();
    var host = new PeerHost(this, Files.createDirectory(directory.resolve(name)), name);
    hosts.add(host);
    return host;
  }

  /** So many that know one another. */
  List<PeerHost> hosts(int count) throws IOException {
    for (int n = 0; n < count; n++) {
      host();
    }
    introduce();
    return hosts;
  }

  void introduce() {
    List<URI> all = hosts.stream().map(h -> URI.create(h.url())).toList();
    hosts.forEach(h -> h.realm.members(all));
  }

  /** All hosts begin to fill the layer, and know it of one another. */
  void openEverywhere() throws IOException {
    for (PeerHost host : hosts) {
      host.open(origin());
    }
    await(
        "all hosts know that the others have the layer",
        () -> hosts.stream().allMatch(h -> h.near().holders() == hosts.size() - 1));
  }

  static void await(String what, BooleanSupplier condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as("waiting until " + what).isBefore(end);
      Thread.onSpinWait();
    }
  }

  Bytes chunk(int n) {
    int from = n * VerityTree.CHUNK_BYTES;
    return Bytes.wrap(Arrays.copyOfRange(data, from, from + index().chunkBytes(n)));
  }

  @Override
  public void close() throws IOException {
    for (PeerHost host : hosts) {
      host.close();
    }
    loops.close();
  }
}
