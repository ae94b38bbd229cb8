package dev.nacelle.image.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.task.Backoff;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.BlobFile;
import dev.nacelle.image.stream.ChunkSource;
import dev.nacelle.image.stream.ChunkSources;
import dev.nacelle.image.stream.FetchPolicy;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.LazyLayerFiles;
import dev.nacelle.image.stream.LazyLayerSettings;
import dev.nacelle.image.stream.ReadListener;
import dev.nacelle.image.stream.VerityTree;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** One host of a {@link PeerCluster}: a server, and the layer where it is open. */
final class PeerHost implements AutoCloseable {
  static final String TOKEN = "a secret of two";
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Backoff QUICK =
      new Backoff(Duration.ofMillis(1), Duration.ofMillis(4), 2, 0.5);

  /** As the default, but for a machine that is busy with other things. */
  private static final FetchPolicy POLICY =
      new FetchPolicy(8, 4, 8, 16, 32, LONG, LONG, LONG, 5, QUICK, QUICK);

  final Metrics metrics = new Metrics();
  final Peers peers = new Peers(new PeerMetrics(metrics));
  final PeerRealm realm;
  final Shelf shelf = new Shelf();
  private final PeerCluster cluster;
  private final Path directory;
  private final PeerServer server;
  private Optional<FileChannel> channel = Optional.empty();
  private Optional<LazyLayer> layer = Optional.empty();
  private Optional<LayerPeers> near = Optional.empty();

  PeerHost(PeerCluster cluster, Path directory, String name) throws IOException {
    this.cluster = cluster;
    this.directory = directory;
    var identity = PeerCluster.client(cluster.authority, "system:node:" + name, PeerAccess.NODES);
    realm =
        new PeerRealm(
            cluster.http(Optional.of(identity)), Optional.empty(), InstantSource.system());
    peers.join(realm);
    peers.stock(shelf);
    server =
        PeerServer.start(
            peers,
            new PeerAccess(
                List.of(cluster.authority.certificate()),
                Optional.of(TOKEN),
                InstantSource.system()),
            cluster.loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            () -> cluster.serving);
    peers.serveAs(url());
  }

  /** What the host has whole. */
  static final class Shelf implements PeerShelf {
    final ConcurrentHashMap<String, Path> data = new ConcurrentHashMap<>();
    final ConcurrentHashMap<String, Path> metadata = new ConcurrentHashMap<>();
    final ConcurrentHashMap<String, Bytes> content = new ConcurrentHashMap<>();

    String add(Bytes bytes) {
      content.put(Sha256.of(bytes), bytes);
      return Sha256.of(bytes);
    }

    @Override
    public Optional<Path> data(String key) {
      return Optional.ofNullable(data.get(key));
    }

    @Override
    public Optional<Path> metadata(String key) {
      return Optional.ofNullable(metadata.get(key));
    }

    @Override
    public Optional<Bytes> content(String digest) {
      return Optional.ofNullable(content.get(digest));
    }
  }

  String url() {
    return "https://" + InetAddress.getLoopbackAddress().getHostAddress() + ":" + server.port();
  }

  /** Begins to fill the layer. */
  void open(ChunkSource origin) throws IOException {
    var files = new LazyLayerFiles(Files.createDirectories(directory.resolve("layer")));
    files.create(cluster.index(), "boot");
    channel =
        Optional.of(
            FileChannel.open(files.data(), StandardOpenOption.READ, StandardOpenOption.WRITE));
    near =
        Optional.of(
            peers.layer(PeerCluster.KEY, cluster.index(), ChunkSources.always(List.of(origin))));
    layer =
        Optional.of(
            LazyLayer.open(
                cluster.index(),
                files,
                BlobFile.of(channel.get()),
                new LazyLayerSettings(
                    near.get(),
                    POLICY,
                    InstantSource.system(),
                    "boot",
                    () -> {},
                    ReadListener.NONE)));
    near.get().serve(layer.get());
  }

  LazyLayer layer() {
    return layer.orElseThrow();
  }

  LayerPeers near() {
    return near.orElseThrow();
  }

  void fill(int chunk) throws IOException, InterruptedException {
    layer().fill((long) chunk * VerityTree.CHUNK_BYTES, 1);
  }

  void fillAll() throws IOException, InterruptedException {
    layer().fill(0, cluster.data.length);
  }

  void assertWhole() throws IOException {
    assertThat(layer().isWhole()).isTrue();
    assertThat(Files.readAllBytes(new LazyLayerFiles(directory.resolve("layer")).data()))
        .isEqualTo(cluster.data);
  }

  /** Changes what is on the disk behind the layer's back. */
  void spoil(int chunk) throws IOException {
    byte[] wrong = {1, 2, 3, 4};
    BlobFile.of(channel.orElseThrow())
        .write((long) chunk * VerityTree.CHUNK_BYTES, java.nio.ByteBuffer.wrap(wrong));
  }

  /** The sum of a counter over the labels that contain this. */
  long count(String name, String labels) {
    return metrics
        .expose("")
        .text()
        .toUtf8()
        .lines()
        .filter(l -> l.startsWith(name) && l.contains(labels))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  List<Peer> others() {
    return new ArrayList<>(peers.all());
  }

  /** As after a kill: connections are cut. */
  void stopServing() {
    server.close();
  }

  @Override
  public void close() throws IOException {
    near.ifPresent(LayerPeers::close);
    layer.ifPresent(LazyLayer::close);
    peers.close();
    server.close();
    if (channel.isPresent()) {
      channel.get().close();
    }
  }
}
