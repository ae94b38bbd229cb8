package dev.nacelle.image;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * The trace by which the next start of an image fetches ahead of its readers, for people and
 * programs.
 *
 * @param image as it was asked for
 * @param manifest digest of the image's own manifest
 * @param source where the trace comes from
 * @param created when it was made; empty where nobody says
 * @param host that has seen the last of its runs; empty where nobody says
 * @param length from the first chunk that was needed to the last
 * @param note what else is to be known; empty where there is nothing
 * @param packs start packs beside the image, the newest first: that is used
 * @param whole all layers of the image, also those that the trace does not need
 * @param layers those that the trace needs
 */
public record TraceReport(
    String image,
    String manifest,
    Source source,
    Optional<Instant> created,
    String host,
    Duration length,
    String note,
    List<Pack> packs,
    Size whole,
    List<Layer> layers) {

  /** Who keeps the trace. */
  public enum Source {
    REGISTRY,
    HOST
  }

  /**
   * A start pack.
   *
   * @param created when it was made; the epoch for one without a trace
   */
  public record Pack(String digest, long sizeBytes, Optional<Instant> created) {}

  /**
   * How much something is.
   *
   * @param bytes of data
   * @param storedBytes as the registry stores them
   */
  public record Size(int chunks, long bytes, long storedBytes) {
    static final Size NONE = new Size(0, 0, 0);

    Size and(Size other) {
      return new Size(chunks + other.chunks, bytes + other.bytes, storedBytes + other.storedBytes);
    }
  }

  /**
   * A layer.
   *
   * @param diffId {@code sha256:HEX}
   * @param root the dm-verity root hash of its data, in hexadecimal digits
   * @param whole all of it; empty where its index cannot be had
   * @param needed what the trace needs of it
   * @param extents in the order in which they were needed
   */
  public record Layer(
      String diffId, String root, Optional<Size> whole, Size needed, List<Extent> extents) {
    public Layer {
      extents = List.copyOf(extents);
    }
  }

  /**
   * Neighbouring chunks that were needed one after the other.
   *
   * @param offset in the layer's data
   * @param at when the first of them was needed, after the first one of the trace
   * @param files that have data there, with their paths in the layer; empty where they are not
   *     known
   * @param moreFiles how many there are beside those
   */
  public record Extent(
      int firstChunk, long offset, Size size, Duration at, List<String> files, int moreFiles) {
    public Extent {
      files = List.copyOf(files);
    }
  }

  public TraceReport {
    packs = List.copyOf(packs);
    layers = List.copyOf(layers);
  }

  /** What the trace needs of all layers together. */
  public Size needed() {
    return layers.stream().map(Layer::needed).reduce(Size.NONE, Size::and);
  }

  /** The share of the image's data that is needed, in hundredths. */
  public long percent() {
    return share(Size::bytes);
  }

  /** As {@link #percent}, of what the registry stores. */
  public long storedPercent() {
    return share(Size::storedBytes);
  }

  private long share(ToLongFunction<Size> of) {
    long all = of.applyAsLong(whole);
    return all == 0 ? 0 : of.applyAsLong(needed()) * 100 / all;
  }

  /** For programs. */
  public JsonObject toJson() {
    var json =
        JsonObject.builder()
            .put("image", image)
            .put("manifest", manifest)
            .put("source", source == Source.REGISTRY ? "registry" : "host");
    created.ifPresent(at -> json.put("created", at.toString()));
    if (!host.isEmpty()) {
      json.put("host", host);
    }
    if (!note.isEmpty()) {
      json.put("note", note);
    }
    return json.put("micros", length.toNanos() / 1000)
        .put("needed", json(needed()))
        .put("whole", json(whole))
        .put("percent", percent())
        .put("storedPercent", storedPercent())
        .put("packs", new JsonArray(packs.stream().map(p -> (Json) json(p)).toList()))
        .put("layers", new JsonArray(layers.stream().map(l -> (Json) json(l)).toList()))
        .build();
  }

  private static JsonObject json(Size size) {
    return JsonObject.builder()
        .put("chunks", size.chunks())
        .put("bytes", size.bytes())
        .put("storedBytes", size.storedBytes())
        .build();
  }

  private static JsonObject json(Pack pack) {
    var json = JsonObject.builder().put("digest", pack.digest()).put("sizeBytes", pack.sizeBytes());
    pack.created()
        .filter(at -> !at.equals(Instant.EPOCH))
        .ifPresent(at -> json.put("created", at.toString()));
    return json.build();
  }

  private static JsonObject json(Layer layer) {
    var json = JsonObject.builder().put("diffId", layer.diffId()).put("rootHash", layer.root());
    layer.whole().ifPresent(size -> json.put("whole", json(size)));
    return json.put("needed", json(layer.needed()))
        .put("extents", new JsonArray(layer.extents().stream().map(e -> (Json) json(e)).toList()))
        .build();
  }

  private static JsonObject json(Extent extent) {
    var json =
        JsonObject.builder()
            .put("firstChunk", extent.firstChunk())
            .put("chunks", extent.size().chunks())
            .put("offset", extent.offset())
            .put("bytes", extent.size().bytes())
            .put("storedBytes", extent.size().storedBytes())
            .put("atMicros", extent.at().toNanos() / 1000)
            .put("files", JsonArray.ofStrings(extent.files()));
    if (extent.moreFiles() > 0) {
      json.put("moreFiles", extent.moreFiles());
    }
    return json.build();
  }
}
