package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a registry has beside an image for its lazy start, asked for in the fewest round trips: one
 * for the list of referrers, and one for the start pack where there is one; without it two, for the
 * streaming form's manifest, and for the indexes and metadata that it names. The chunks of a pack
 * go on arriving until this is closed. Safe for any thread.
 */
public final class ImageOpening implements AutoCloseable {
  /** Larger metadata is not kept in memory. */
  public static final int MOST_METADATA_BYTES = 16 << 20;

  private static final int MOST_PACKS_TRIED = 2;

  /** Whether the chunks that a start needs shall come along. */
  public enum Chunks {
    /** Nothing of the image is here yet. */
    ALONG,
    /** Much of it may be here: they are fetched as far as they are missing. */
    ON_DEMAND
  }

  /** Opens the stored form of a metadata image, for {@link MetadataBlob#unpack}. */
  @FunctionalInterface
  public interface MetadataStream {
    InputStream open() throws IOException, InterruptedException;
  }

  /**
   * A layer of the image.
   *
   * @param chunks the blob of its chunks
   * @param metadata at hand already, unless it is very large
   */
  public record Layer(StreamIndex index, Descriptor chunks, MetadataStream metadata) {}

  private final Repository repository;
  private final List<Layer> layers;
  private final AccessTrace trace;
  private final Optional<PackedChunks> packed;

  private ImageOpening(
      Repository repository, List<Layer> layers, AccessTrace trace, Optional<PackedChunks> packed) {
    this.repository = repository;
    this.layers = List.copyOf(layers);
    this.trace = trace;
    this.packed = packed;
  }

  /**
   * Asks for an image's streaming form and trace.
   *
   * @param digest of the image's own manifest, not of an index above it
   * @return empty if there is no streaming form that can be read
   * @throws dev.nacelle.image.ImageException if the registry cannot be asked
   * @throws IOException if what it gives breaks off
   */
  public static Optional<ImageOpening> open(Repository repository, String digest, Chunks chunks)
      throws IOException, InterruptedException {
    List<Referrer> all = repository.referrers(digest);
    List<Referrer> forms =
        all.stream().filter(r -> r.artifactType().equals(StreamReferrer.ARTIFACT_TYPE)).toList();
    if (forms.isEmpty()) {
      return Optional.empty();
    }
    List<Referrer> packs = StartReferrer.KIND.among(all);
    for (Referrer pack : packs.subList(0, Math.min(MOST_PACKS_TRIED, packs.size()))) {
      Optional<Descriptor> blob = StartReferrer.KIND.blobOf(pack);
      if (blob.isPresent()) {
        try {
          return Optional.of(ofPack(repository, pack, blob.get(), chunks));
        } catch (IOException e) {
          // of a later version, damaged or gone: what it repeats is there, too
        }
      }
    }
    Optional<OpeningParts.Parts> parts = OpeningParts.fetch(repository, digest, all, forms);
    return parts.map(p -> new ImageOpening(repository, p.layers(), p.trace(), Optional.empty()));
  }

  private static ImageOpening ofPack(
      Repository repository, Referrer referrer, Descriptor blob, Chunks wanted) throws IOException {
    long size =
        switch (wanted) {
          case ALONG -> blob.sizeBytes();
          case ON_DEMAND -> StartReferrer.headBytes(referrer, blob);
        };
    if (blob.sizeBytes() > StartPack.MAX_HEAD_BYTES + (long) StartPack.MAX_CHUNK_BYTES) {
      throw new StreamFormatException("cannot read start pack: its size is " + blob.sizeBytes());
    }
    PartedBlob in =
        PartedBlob.open((offset, length) -> repository.openRange(blob, offset, length), size);
    boolean opened = false;
    try {
      StartPack pack = StartPack.read(in);
      var layers = new ArrayList<Layer>();
      for (StartPack.Layer layer : pack.layers()) {
        Bytes metadata = layer.metadata();
        layers.add(new Layer(layer.index(), layer.chunks(), metadata::asInputStream));
      }
      opened = wanted == Chunks.ALONG;
      Optional<PackedChunks> packed =
          opened ? Optional.of(new PackedChunks(pack, in)) : Optional.empty();
      return new ImageOpening(repository, layers, pack.trace(), packed);
    } finally {
      if (!opened) {
        in.close();
      }
    }
  }

  /** In the order of the image, each diff id once. */
  public List<Layer> layers() {
    return layers;
  }

  /** The layer of a diff id, if the form has it. */
  public Optional<Layer> layer(String diffId) {
    return layers.stream().filter(l -> l.index().diffId().equals(diffId)).findFirst();
  }

  /** What a start needs; without accesses if nobody has written it down. */
  public AccessTrace trace() {
    return trace;
  }

  /**
   * The registry as the source of a layer's chunks, see {@link #source(Layer, ChunkSource)}.
   *
   * @param name of the repository, for people
   */
  public ChunkSource source(Layer layer, String name) throws StreamFormatException {
    return source(layer, new RegistryChunkSource(layer.index(), repository, layer.chunks(), name));
  }

  /**
   * A source that does not ask again for the chunks of the pack. Goes on working, as the registry
   * alone, when this is closed.
   *
   * @param layer one of these
   * @param registry has its chunks
   */
  public ChunkSource source(Layer layer, ChunkSource registry) {
    int number = layers.indexOf(layer);
    return packed.isPresent() && number >= 0
        ? new PackedChunkSource(packed.get(), number, registry)
        : registry;
  }

  /**
   * Begins to fetch what a start needs, ahead of the readers; what the pack has comes first.
   *
   * @param known {@link #trace}, or one of the caller's own
   * @param opened layers of this image, whose sources are those of {@link #source}
   */
  public TraceReplay replay(AccessTrace known, List<LazyLayer> opened) {
    return TraceReplay.start(known, opened, packed);
  }

  /** Drops what of a pack nobody has fetched, and lets the rest of it go. Idempotent. */
  @Override
  public void close() {
    packed.ifPresent(PackedChunks::drop);
  }
}
