package dev.nacelle.image;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.task.TaskScope;
import dev.nacelle.image.LayerProgress.Phase;
import dev.nacelle.image.layer.BuiltLayer;
import dev.nacelle.image.layer.LayerBuilder;
import dev.nacelle.image.layer.LayerLimits;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.stream.DataArrival;
import dev.nacelle.image.stream.StoredBlob;
import dev.nacelle.image.stream.StreamConversion;
import dev.nacelle.image.stream.StreamForm;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.image.stream.TaskResults;
import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Makes the streaming form of a layer and stores it: from the layer's files where it is here, else
 * from its blob, which is unpacked beside. Safe for any thread.
 *
 * @param temporary where a layer lies while it is worked on
 */
record LayerConversion(StreamConversion forms, Path temporary, LocalLayers local) {
  private static final long SPACE_LEFT_FREE_BYTES = 64L << 20;

  StreamReferrer.Layer convert(
      StreamPlace place, String diffId, Descriptor blob, LayerProgress progress)
      throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(temporary, "convert-");
    try {
      Optional<LocalLayers.Held> here = local.hold(diffId);
      if (here.isPresent()) {
        try (LocalLayers.Held held = here.get()) {
          return store(place, form(diffId, held.metadata(), held.data(), work, progress), progress);
        }
      }
      return store(place, unpackAndForm(place, diffId, blob, work, progress), progress);
    } finally {
      Trees.delete(work);
    }
  }

  /** The form is made of what is unpacked already, while the rest is. */
  private StreamForm unpackAndForm(
      StreamPlace place, String diffId, Descriptor blob, Path work, LayerProgress progress)
      throws IOException, InterruptedException {
    Path metadata = work.resolve(LayerStore.METADATA);
    Path data = work.resolve(LayerStore.DATA);
    var arrival = new DataArrival();
    LongConsumer formed = // before the end of the arrival it is shown how much is unpacked
        done -> arrival.end().ifPresent(end -> progress.at(Phase.CONVERT, diffId, done, end));
    try (var scope = TaskScope.open("convert")) {
      TaskScope.Task<StreamForm> form =
          scope.fork(() -> forms.convert(diffId, metadata, data, work, arrival, formed));
      unpack(place, diffId, blob, metadata, data, arrival, progress);
      return TaskResults.of(scope, form, "cannot convert a layer", IOException.class);
    }
  }

  private void unpack(
      StreamPlace place,
      String diffId,
      Descriptor blob,
      Path metadata,
      Path data,
      DataArrival arrival,
      LayerProgress progress)
      throws IOException, InterruptedException {
    long available = DiskSpace.of(temporary).availableBytes();
    if (available - blob.sizeBytes() < SPACE_LEFT_FREE_BYTES) {
      throw new ImageException(
          ImageFault.NO_SPACE,
          "cannot convert layer of "
              + blob.sizeBytes()
              + " bytes: only "
              + available
              + " are left on the disk of "
              + temporary);
    }
    try (InputStream in =
        new CountedStream(
            place.blob(blob), done -> progress.at(Phase.PULL, diffId, done, blob.sizeBytes()))) {
      BuiltLayer built =
          LayerBuilder.build(in, metadata, data, LayerLimits.DEFAULT, arrival::reached);
      in.transferTo(OutputStream.nullOutputStream()); // a verified stream speaks at its end
      if (!built.diffId().equals(diffId)) {
        throw new ImageException(
            ImageFault.DIGEST_MISMATCH,
            "cannot convert layer: its uncompressed digest is "
                + built.diffId()
                + ", the image promises "
                + diffId);
      }
      arrival.ended();
    }
  }

  private StreamForm form(
      String diffId, Path metadata, Path data, Path work, LayerProgress progress)
      throws IOException, InterruptedException {
    long total = Files.size(data);
    progress.at(Phase.CONVERT, diffId, 0, total);
    return forms.convert(
        diffId, metadata, data, work, done -> progress.at(Phase.CONVERT, diffId, done, total));
  }

  private static StreamReferrer.Layer store(
      StreamPlace place, StreamForm form, LayerProgress progress)
      throws IOException, InterruptedException {
    StreamReferrer.Layer layer = StreamReferrer.Layer.of(form);
    place.put(layer.index(), source(form.indexBlob()));
    place.put(layer.metadata(), source(form.metadataBlob()));
    long total = layer.chunks().sizeBytes();
    HttpRequest.Source counted =
        () ->
            new CountedStream(
                source(form.chunkBlob()).open(),
                done -> progress.at(Phase.PUSH, layer.diffId(), done, total));
    place.put(layer.chunks(), counted);
    progress.at(Phase.PUSH, layer.diffId(), total, total);
    return layer;
  }

  private static HttpRequest.Source source(StoredBlob blob) {
    return () -> Files.newInputStream(blob.file());
  }
}
