package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.Referrer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Judges a trace or a start pack of somebody who is not trusted with what an image contains: it may
 * say again what the streaming form beside the image says, and in which order its chunks are
 * needed, and nothing else. What readers take from the list of referrers must be what the manifest
 * says. A pack's chunks are not looked at: whoever reads them proves them by the indexes.
 */
public final class StartCheck {
  /**
   * The newest is believed first, so that none may come from the future; clocks differ a little.
   */
  private static final Duration SKEW = Duration.ofMinutes(5);

  /** No blob of a trace or a pack is larger. */
  public static final long MOST_BLOB_BYTES =
      (long) StartPack.MAX_HEAD_BYTES + StartPack.MAX_CHUNK_BYTES;

  /** Gives the blobs of the repository, which end with an error if they are not the promised. */
  @FunctionalInterface
  public interface Blobs {
    InputStream open(Descriptor blob) throws IOException;
  }

  private final List<StreamReferrer> forms;
  private final Blobs blobs;
  private final Instant now;

  /**
   * @param forms beside the image, of whoever may push there
   */
  public StartCheck(List<StreamReferrer> forms, Blobs blobs, Instant now) {
    this.forms = List.copyOf(forms);
    this.blobs = blobs;
    this.now = now;
  }

  /** Whether manifests of this type are traces or start packs. */
  public static boolean isStart(String artifactType) {
    return artifactType.equals(TraceReferrer.ARTIFACT_TYPE)
        || artifactType.equals(StartReferrer.ARTIFACT_TYPE);
  }

  /** Why it may not be laid beside the image; empty if it may. */
  public Optional<String> objection(Bytes manifest) throws IOException {
    try {
      JsonObject json = JsonReader.readObject(manifest);
      String type = json.string("artifactType").orElse("");
      require(isStart(type), "it is no trace");
      boolean isPack = type.equals(StartReferrer.ARTIFACT_TYPE);
      BlobReferrer kind = isPack ? StartReferrer.KIND : TraceReferrer.KIND;
      var listed =
          new Referrer(
              Descriptor.of(MediaTypes.OCI_MANIFEST, manifest), type, json.strings("annotations"));
      Optional<Descriptor> blob =
          kind.blobOf(manifest, json.string("subject", "digest").orElse(""));
      require(blob.isPresent(), "it has not the one blob that it should have");
      require(kind.blobOf(listed).equals(blob), "its annotations name another blob");
      require(
          BlobReferrer.created(listed).filter(c -> !c.isAfter(now.plus(SKEW))).isPresent(),
          "it does not say when it was made, or a time to come");
      if (isPack) {
        checkPack(blob.get(), StartReferrer.headBytes(listed, blob.get()));
      } else {
        checkTrace(blob.get());
      }
      return Optional.empty();
    } catch (StreamFormatException | EOFException | JsonSyntaxException | ImageException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void checkTrace(Descriptor blob) throws IOException {
    require(blob.sizeBytes() <= AccessTraceFormat.MAX_BYTES, "it is larger than a trace");
    try (InputStream in = blobs.open(blob)) {
      checkLayers(AccessTrace.parse(Bytes.wrap(in.readAllBytes())), indexes());
    }
  }

  /** The indexes of all forms, which whoever may push has laid there. */
  private List<StreamIndex> indexes() throws IOException {
    Map<String, StreamIndex> found = new HashMap<>();
    for (StreamReferrer form : forms) {
      for (StreamReferrer.Layer layer : form.layers()) {
        boolean isNew = !found.containsKey(layer.index().digest());
        if (isNew && layer.index().sizeBytes() <= StreamIndexFormat.MAX_BYTES) {
          try (InputStream in = blobs.open(layer.index())) {
            found.put(layer.index().digest(), StreamIndex.parse(Bytes.wrap(in.readAllBytes())));
          }
        }
      }
    }
    return List.copyOf(found.values());
  }

  private static void checkLayers(AccessTrace trace, List<StreamIndex> indexes)
      throws StreamFormatException {
    Map<AccessTrace.Layer, StreamIndex> known = new HashMap<>();
    indexes.forEach(index -> known.put(AccessTrace.Layer.of(index), index));
    for (AccessTrace.Layer layer : trace.layers()) {
      require(known.containsKey(layer), "the trace has a layer that the streaming form has not");
    }
    for (AccessTrace.Access access : trace.accesses()) {
      StreamIndex index = known.get(trace.layers().get(access.layer()));
      require(
          index != null && access.chunk() < index.chunks(),
          "the trace has a chunk that its layer has not");
    }
  }

  private void checkPack(Descriptor blob, long saidHeadBytes) throws IOException {
    require(blob.sizeBytes() <= MOST_BLOB_BYTES, "it is larger than a start pack");
    try (InputStream in = blobs.open(blob)) {
      byte[] prefix = in.readNBytes(StartPackFormat.PREFIX_BYTES);
      int headBytes = StartPackFormat.headBytes(prefix);
      require(headBytes == saidHeadBytes, "its annotations have another size of the head");
      byte[] rest = in.readNBytes(headBytes - prefix.length);
      require(rest.length == headBytes - prefix.length, "its head is cut off");
      StartPack pack = StartPackFormat.parse(prefix, rest);
      var indexes = new ArrayList<StreamIndex>();
      long size = headBytes;
      for (StartPack.Layer layer : pack.layers()) {
        indexes.add(layer.index());
      }
      for (PrefetchPlan.Step step : pack.steps()) {
        size += indexes.get(step.layer()).storedBytes(step.range());
      }
      require(size == blob.sizeBytes(), "something follows its chunks, or they are cut off");
      require(
          forms.stream().anyMatch(form -> repeats(pack, form)),
          "it does not say again what the streaming form beside the image says");
      checkLayers(pack.trace(), indexes);
    }
  }

  private static boolean repeats(StartPack pack, StreamReferrer form) {
    if (pack.layers().size() != form.layers().size()) {
      return false;
    }
    for (int i = 0; i < pack.layers().size(); i++) {
      StartPack.Layer packed = pack.layers().get(i);
      StreamReferrer.Layer layer = form.layers().get(i);
      boolean same =
          packed.index().diffId().equals(layer.diffId())
              && Sha256.of(packed.index().toBytes()).equals(layer.index().digest())
              && Sha256.of(packed.metadata()).equals(layer.metadata().digest())
              && packed.chunks().digest().equals(layer.chunks().digest())
              && packed.chunks().sizeBytes() == layer.chunks().sizeBytes();
      if (!same) {
        return false;
      }
    }
    return true;
  }

  private static void require(boolean holds, String otherwise) throws StreamFormatException {
    if (!holds) {
      throw new StreamFormatException(otherwise);
    }
  }
}
