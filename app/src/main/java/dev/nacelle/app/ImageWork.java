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
      case Host.ImageVerb.Ls(Host.ImageVerb.Form form) -> {
        switch (form) {
          case TEXT -> lines(new ImageList(images).table(), output);
          case JSON -> output.line(IndentedJson.write(new ImageList(images).json()));
        }
        yield 0;
      }
      case Host.ImageVerb.Remove(List<String> names) ->
          remove(names.stream().map(ImageReference::parse).toList(), output);
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

  /** What cannot be removed keeps nobody else here. */
  private int remove(List<ImageReference> names, Host.Output output) {
    int exitCode = 0;
    for (ImageReference name : names) {
      try {
        lines(freed(images.remove(name)), output);
      } catch (ImageException e) {
        output.error(String.valueOf(e.getMessage()));
        exitCode = 1;
      }
    }
    return exitCode;
  }

  private int verify(ImageReference reference, Host.Output output) throws InterruptedException {
    ImageVerification.Findings findings =
        new ImageVerification(images)
            .verify(
                reference,
                (layer, done, here, all) ->
                    output.step(new Host.LayerStep("verify", layer, done, here, all)));
    int count = findings.differences().size();
    if (count > 0) {
      for (String difference : findings.differences()) {
        output.error(reference + " differs from what was recorded: " + difference);
      }
      output.error(
          "cannot verify image "
              + reference
              + ": "
              + count
              + (count == 1 ? " difference" : " differences")
              + "; remove it with 'nacelle image remove "
              + reference
              + "', then pull or import it again");
      return 1;
    }
    output.line(
        "verified "
            + reference
            + " ("
            + findings.layers()
            + (findings.layers() == 1 ? " layer, " : " layers, ")
            + size(findings.readBytes())
            + (findings.readBytes() < findings.bytes()
                ? " that are here of " + size(findings.bytes())
                : "")
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
