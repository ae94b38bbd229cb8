package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.Host;
import dev.nacelle.image.Freed;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageInspection;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.image.ImageVerification;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.ResolvedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Does the verbs on images and words what came of them. Safe for any thread. */
final class ImageWork {
  private final LocalImageStore images;

  ImageWork(LocalImageStore images) {
    this.images = images;
  }

  /** 2 where the user wrote no name of an image, else 1. */
  static int exitCode(ImageException e) {
    return e.fault() == ImageFault.INVALID_NAME ? 2 : 1;
  }

  /** Does it; the exit code, 0 if all is well. */
  int run(Host.ImageVerb verb, Host.Output output) throws InterruptedException {
    return switch (verb) {
      case Host.ImageVerb.Import(var source, String name) -> {
        ImageReference reference = ImageReference.parse(name);
        ResolvedImage image = images.importArchive(source, reference);
        output.line(
            "imported " + reference + " (" + size(image.sizeBytes()) + ", " + image.id() + ")");
        yield 0;
      }
      case Host.ImageVerb.Ls ls -> lines(list(), output);
      case Host.ImageVerb.Remove(List<String> names) -> {
        for (ImageReference name : names.stream().map(ImageReference::parse).toList()) {
          lines(freed(images.remove(name)), output);
        }
        yield 0;
      }
      case Host.ImageVerb.Prune prune -> lines(freed(images.prune(Set.of())), output);
      case Host.ImageVerb.Pull pull -> new ImageTransferWork(images, output).pull(pull);
      case Host.ImageVerb.Push push -> new ImageTransferWork(images, output).push(push);
      case Host.ImageVerb.Convert convert -> new ImageTransferWork(images, output).convert(convert);
      case Host.ImageVerb.Inspect(String name) -> {
        JsonObject json = new ImageInspection(images).inspect(ImageReference.parse(name));
        output.line(IndentedJson.write(json));
        yield 0;
      }
      case Host.ImageVerb.Verify(String name) -> verify(ImageReference.parse(name), output);
      case Host.ImageVerb.Trace trace -> new ImageTraceWork(images, output).run(trace);
    };
  }

  private static int lines(List<String> lines, Host.Output output) {
    lines.forEach(output::line);
    return 0;
  }

  private int verify(ImageReference reference, Host.Output output) throws InterruptedException {
    ImageVerification.Findings findings =
        new ImageVerification(images).verify(reference, ImageTransferWork.steps(output));
    for (String difference : findings.differences()) {
      output.error(reference + " differs from what was recorded: " + difference);
    }
    if (!findings.differences().isEmpty()) {
      return 1;
    }
    output.line(
        "verified "
            + reference
            + " ("
            + findings.layers()
            + " layers, "
            + size(findings.bytes())
            + ")");
    return 0;
  }

  /** What images take, for {@code status}. */
  JsonObject disk() {
    ImageUsage usage = images.usage();
    var json =
        JsonObject.builder()
            .put("count", usage.images())
            .put("sizeBytes", usage.sizeBytes())
            .put("usedBytes", usage.usedBytes())
            .put("availableBytes", usage.availableBytes());
    if (usage.hasQuota()) {
      json.put("quotaBytes", usage.quotaBytes());
    }
    return json.build();
  }

  private List<String> list() {
    var lines = new ArrayList<String>();
    lines.add("%-48s %-20s %10s %10s %6s".formatted("NAME", "IMAGE ID", "SIZE", "ON DISK", "HERE"));
    var inspection = new ImageInspection(images);
    for (ResolvedImage image : images.list()) {
      String id = image.id().replace("sha256:", "");
      List<String> names = image.names().isEmpty() ? image.repoDigests() : image.names();
      long here = inspection.presentBytes(image) * 100 / Math.max(1, image.sizeBytes());
      for (String name : names.isEmpty() ? List.of("<none>") : names) {
        lines.add(
            "%-48s %-20s %10s %10s %6s"
                .formatted(
                    name,
                    id.substring(0, Math.min(12, id.length())),
                    size(image.sizeBytes()),
                    size(images.diskBytes(image)),
                    here >= 100 ? "whole" : here + " %"));
      }
    }
    return lines;
  }

  private static List<String> freed(Freed freed) {
    var lines = new ArrayList<String>();
    freed.names().forEach(n -> lines.add("untagged " + n));
    freed.imageIds().forEach(i -> lines.add("removed " + i));
    lines.add("freed " + size(freed.bytes()));
    return lines;
  }

  static String size(long bytes) {
    if (bytes < 1 << 20) {
      return String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
    }
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
