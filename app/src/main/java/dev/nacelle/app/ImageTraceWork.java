package dev.nacelle.app;

import dev.nacelle.cli.Host;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageTraces;
import dev.nacelle.image.LayerProgress;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.PullSecrets;
import dev.nacelle.image.TraceReport;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Does what is asked of the trace of an image, and words it. */
record ImageTraceWork(LocalImageStore images, Host.Output output) {
  /** Names of files in a line. */
  private static final int SHOWN_FILES = 3;

  int run(Host.ImageVerb.Trace verb) throws InterruptedException {
    ImageReference reference = ImageReference.parse(verb.name());
    PullSecrets secrets = ImageTransferWork.secrets(verb.auth());
    var traces = new ImageTraces(images, Clock.systemUTC());
    switch (verb.task()) {
      case SHOW -> {
        switch (verb.form()) {
          case TEXT -> show(traces.show(reference, secrets, ImageTransferWork.steps(output)));
          case JSON -> {
            TraceReport report = traces.show(reference, secrets, LayerProgress.SILENT);
            output.line(IndentedJson.write(report.toJson())); // and not a word more
          }
        }
      }
      case RECORD -> record(reference, traces.recordAnew(reference, secrets));
      case PUSH -> {
        Optional<Integer> chunks = traces.push(reference, secrets);
        output.line(
            chunks.isPresent()
                ? "pushed the trace of " + reference + " (" + chunks.get() + " chunks)"
                : "not pushed: the registry's trace of "
                    + reference
                    + " says as much, or it keeps too many older ones");
      }
      case DELETE -> deleted(reference, traces.delete(reference, secrets));
    }
    return 0;
  }

  private void record(ImageReference reference, ImageTraces.Recording recording) {
    output.line("the next cold start of " + reference + " on this host is recorded");
    if (recording == ImageTraces.Recording.AFTER_REMOVAL) {
      output.line("the image is here: remove it first, with image remove or image prune");
    }
  }

  private void deleted(ImageReference reference, ImageTraces.Deleted deleted) {
    int gone = deleted.inRegistry() - deleted.kept();
    output.line(
        "deleted "
            + gone
            + (gone == 1 ? " trace" : " traces")
            + " of "
            + reference
            + " in its registry"
            + (deleted.here() ? ", and that of this host" : "; this host had none"));
    if (deleted.kept() > 0) {
      output.line("the registry keeps " + deleted.kept() + ": it deletes nothing, or not for us");
    }
  }

  private void show(TraceReport report) {
    output.line("trace of " + report.image() + ", manifest " + report.manifest());
    String from =
        switch (report.source()) {
          case REGISTRY -> "from the registry";
          case HOST -> "from this host";
        };
    output.line(
        from
            + report.created().map(at -> ", made " + at).orElse("")
            + (report.host().isEmpty() ? "" : " by " + report.host())
            + report.packs().stream().findFirst().map(ImageTraceWork::pack).orElse(""));
    if (!report.note().isEmpty()) {
      output.line(report.note());
    }
    TraceReport.Size needed = report.needed();
    TraceReport.Size whole = report.whole();
    output.line(
        "needs %d of %d chunks within %s: %s of %s (%d %%), stored %s of %s (%d %%)"
            .formatted(
                needed.chunks(),
                whole.chunks(),
                seconds(report.length()),
                ImageWork.size(needed.bytes()),
                ImageWork.size(whole.bytes()),
                report.percent(),
                ImageWork.size(needed.storedBytes()),
                ImageWork.size(whole.storedBytes()),
                report.storedPercent()));
    report.layers().forEach(this::show);
  }

  private static String pack(TraceReport.Pack pack) {
    return "; start pack of "
        + ImageWork.size(pack.sizeBytes())
        + (pack.created().equals(Optional.of(Instant.EPOCH)) ? ", without a trace" : "");
  }

  private void show(TraceReport.Layer layer) {
    output.line("");
    output.line(
        "layer "
            + layer.diffId()
            + ": "
            + layer.needed().chunks()
            + layer.whole().map(w -> " of " + w.chunks()).orElse("")
            + " chunks, "
            + ImageWork.size(layer.needed().bytes())
            + layer.whole().map(w -> " of " + ImageWork.size(w.bytes())).orElse(""));
    output.line("%10s  %-13s %10s %10s  %s".formatted("WHEN", "CHUNKS", "SIZE", "STORED", "FILES"));
    for (TraceReport.Extent extent : layer.extents()) {
      int last = extent.firstChunk() + extent.size().chunks() - 1;
      String chunks =
          last == extent.firstChunk() ? String.valueOf(last) : extent.firstChunk() + "-" + last;
      output.line(
          "%10s  %-13s %10s %10s  %s"
              .formatted(
                  seconds(extent.at()),
                  chunks,
                  ImageWork.size(extent.size().bytes()),
                  ImageWork.size(extent.size().storedBytes()),
                  files(extent)));
    }
  }

  private static String files(TraceReport.Extent extent) {
    List<String> names = extent.files();
    List<String> shown = names.subList(0, Math.min(SHOWN_FILES, names.size()));
    int more = names.size() - shown.size() + extent.moreFiles();
    if (shown.isEmpty()) {
      return more == 0 ? "" : more + " files";
    }
    return String.join(", ", shown) + (more == 0 ? "" : " and " + more + " more");
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.3f s", duration.toNanos() / 1e9);
  }
}
