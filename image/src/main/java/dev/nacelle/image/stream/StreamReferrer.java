package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The manifest by which a registry keeps the streaming form of an image beside it: an OCI image
 * manifest with an artifact type, whose subject is the image's manifest, and whose layers are three
 * blobs for each layer of the image: index, metadata, chunks.
 *
 * @param layers in the order of the image, each diff id once
 */
public record StreamReferrer(List<Layer> layers) {
  public static final String ARTIFACT_TYPE = "application/vnd.nacelle.stream.v1";
  public static final String INDEX_TYPE = "application/vnd.nacelle.stream.index.v1";
  public static final String METADATA_TYPE = "application/vnd.nacelle.stream.metadata.v1+zstd";
  public static final String CHUNKS_TYPE = "application/vnd.nacelle.stream.chunks.v1";

  /** The annotation of each blob that names the layer it belongs to. */
  public static final String DIFF_ID = "dev.nacelle.stream.diff-id";

  /** What stands in the manifest in place of a configuration. */
  public static final Bytes EMPTY = Bytes.utf8("{}");

  private static final String EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
  private static final int MOST_LAYERS = 500;

  /**
   * The streaming form of one layer.
   *
   * @param diffId {@code sha256:HEX}
   */
  public record Layer(String diffId, Descriptor index, Descriptor metadata, Descriptor chunks) {
    /** What a registry stores for this form. */
    public static Layer of(StreamForm form) {
      return new Layer(
          form.index().diffId(),
          descriptor(INDEX_TYPE, form.indexBlob()),
          descriptor(METADATA_TYPE, form.metadataBlob()),
          descriptor(CHUNKS_TYPE, form.chunkBlob()));
    }

    public long sizeBytes() {
      return index.sizeBytes() + metadata.sizeBytes() + chunks.sizeBytes();
    }
  }

  /** The descriptor of {@link #EMPTY}. */
  public static Descriptor emptyConfig() {
    return Descriptor.of(EMPTY_TYPE, EMPTY);
  }

  private static Descriptor descriptor(String mediaType, StoredBlob blob) {
    return new Descriptor(mediaType, blob.digest(), blob.sizeBytes(), Optional.empty());
  }

  public StreamReferrer {
    layers = List.copyOf(layers);
  }

  /** The form of a layer, if it is among these. */
  public Optional<Layer> layer(String diffId) {
    return layers.stream().filter(l -> l.diffId().equals(diffId)).findFirst();
  }

  /**
   * Looks for the streaming form of an image in its repository.
   *
   * @param digest of the image's own manifest, not of an index above it
   * @return the first that can be read; the root hashes of all are the same
   * @throws ImageException if the registry cannot be asked
   */
  public static Optional<StreamReferrer> find(Repository repository, String digest)
      throws InterruptedException {
    return firstOf(repository, digest, repository.referrers(digest, ARTIFACT_TYPE));
  }

  /** The first of some referrers that can be read. */
  static Optional<StreamReferrer> firstOf(
      Repository repository, String digest, List<Referrer> referrers) throws InterruptedException {
    for (Referrer referrer : referrers) {
      try {
        return Optional.of(parse(repository.manifest(referrer.descriptor().digest()), digest));
      } catch (StreamFormatException e) {
        // of a later version, or damaged: perhaps there is another
      }
    }
    return Optional.empty();
  }

  /**
   * Fetches the index of a layer and compares it with what this manifest says of the layer.
   *
   * @throws StreamFormatException if it is malformed or of another layer
   * @throws ImageException if the registry cannot be asked
   */
  public static StreamIndex fetchIndex(Repository repository, Layer layer)
      throws IOException, InterruptedException {
    require(layer.index().sizeBytes() <= StreamIndexFormat.MAX_BYTES, "its index is too large");
    StreamIndex index = StreamIndex.parse(indexBytes(repository, layer.index()));
    require(
        index.diffId().equals(layer.diffId())
            && index.storedBytes() == layer.chunks().sizeBytes()
            && index.metadata().storedBytes() == layer.metadata().sizeBytes(),
        "an index is that of another layer");
    return index;
  }

  private static Bytes indexBytes(Repository repository, Descriptor index)
      throws IOException, InterruptedException {
    int size = Math.toIntExact(index.sizeBytes());
    Optional<Bytes> near = repository.near(index.digest(), size);
    if (near.isPresent()) {
      return near.get();
    }
    try (InputStream in = repository.blob(index)) {
      return Bytes.wrap(in.readNBytes(size + 1));
    }
  }

  /**
   * Pushes the forms of an image's layers and the manifest that ties them to it.
   *
   * @param subject the image's own manifest
   */
  public static StreamReferrer publish(
      RepositoryWriter writer, Descriptor subject, List<StreamForm> forms)
      throws InterruptedException {
    var layers = new ArrayList<Layer>();
    Set<String> seen = new HashSet<>();
    for (StreamForm form : forms) {
      if (seen.add(form.index().diffId())) {
        Layer layer = Layer.of(form);
        push(writer, layer.index(), form.indexBlob());
        push(writer, layer.metadata(), form.metadataBlob());
        push(writer, layer.chunks(), form.chunkBlob());
        layers.add(layer);
      }
    }
    var result = new StreamReferrer(layers);
    result.publish(writer, subject);
    return result;
  }

  /** Pushes the manifest alone: the blobs are there. */
  public void publish(RepositoryWriter writer, Descriptor subject) throws InterruptedException {
    writer.pushBlob(emptyConfig(), EMPTY::asInputStream);
    writer.pushReferrer(
        subject.digest(), MediaTypes.OCI_MANIFEST, ARTIFACT_TYPE, toManifest(subject));
  }

  private static void push(RepositoryWriter writer, Descriptor descriptor, StoredBlob blob)
      throws InterruptedException {
    writer.pushBlob(descriptor, () -> Files.newInputStream(blob.file()));
  }

  /** The manifest; the same layers and subject give the same bytes. */
  public Bytes toManifest(Descriptor subject) {
    List<Json> blobs = new ArrayList<>();
    for (Layer layer : layers) {
      for (Descriptor blob : List.of(layer.index(), layer.metadata(), layer.chunks())) {
        JsonObject annotation = JsonObject.builder().put(DIFF_ID, layer.diffId()).build();
        blobs.add(blob.toJson().with("annotations", annotation));
      }
    }
    return JsonWriter.write(
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_MANIFEST)
            .put("artifactType", ARTIFACT_TYPE)
            .put("config", emptyConfig().toJson())
            .put("layers", new JsonArray(blobs))
            .put("subject", subject.toJson())
            .build());
  }

  /**
   * Reads the manifest.
   *
   * @param subject digest that it must refer to
   * @throws StreamFormatException if it is none, or of another image
   */
  public static StreamReferrer parse(Bytes manifest, String subject) throws StreamFormatException {
    try {
      JsonObject json = JsonReader.readObject(manifest);
      require(json.string("artifactType").orElse("").equals(ARTIFACT_TYPE), "its type is another");
      require(json.string("subject", "digest").orElse("").equals(subject), "of another image");
      List<JsonObject> blobs = json.array("layers").objects().toList();
      require(
          blobs.size() % 3 == 0 && blobs.size() <= 3 * MOST_LAYERS,
          "it has " + blobs.size() + " blobs");
      var layers = new ArrayList<Layer>();
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < blobs.size(); i += 3) {
        Layer layer = layer(blobs.subList(i, i + 3));
        require(seen.add(layer.diffId()), "a layer appears twice");
        layers.add(layer);
      }
      return new StreamReferrer(layers);
    } catch (JsonSyntaxException | ImageException e) {
      throw new StreamFormatException("cannot read stream referrer: " + e.getMessage());
    }
  }

  private static Layer layer(List<JsonObject> blobs) throws StreamFormatException {
    String diffId = blobs.getFirst().string("annotations", DIFF_ID).orElse("");
    require(diffId.matches("sha256:[0-9a-f]{64}"), "a blob without a diff id");
    List<String> types = List.of(INDEX_TYPE, METADATA_TYPE, CHUNKS_TYPE);
    var descriptors = new ArrayList<Descriptor>();
    for (int i = 0; i < types.size(); i++) {
      JsonObject blob = blobs.get(i);
      Descriptor descriptor = Descriptor.of(blob);
      require(
          descriptor.mediaType().equals(types.get(i))
              && blob.string("annotations", DIFF_ID).orElse("").equals(diffId),
          "its blobs are not in their order");
      descriptors.add(descriptor);
    }
    return new Layer(diffId, descriptors.get(0), descriptors.get(1), descriptors.get(2));
  }

  private static void require(boolean holds, String otherwise) throws StreamFormatException {
    if (!holds) {
      throw new StreamFormatException("cannot read stream referrer: " + otherwise);
    }
  }
}
