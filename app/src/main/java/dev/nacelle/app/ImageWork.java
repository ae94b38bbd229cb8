package dev.nacelle.app;

import dev.nacelle.cli.Host;
import dev.nacelle.image.Freed;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ResolvedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Does the verbs on images and words what came of them. Safe for any thread. */
final class ImageWork {
  private final ImageStore images;

  ImageWork(ImageStore images) {
    this.images = images;
  }

  /** The lines for the user. */
  List<String> run(Host.ImageVerb verb) throws InterruptedException {
    return switch (verb) {
      case Host.ImageVerb.Import(var source, String name) -> {
        ImageReference reference = ImageReference.parse(name);
        ResolvedImage image = images.importArchive(source, reference);
        yield List.of(
            "imported " + reference + " (" + size(image.sizeBytes()) + ", " + image.id() + ")");
      }
      case Host.ImageVerb.Ls ls -> list();
      case Host.ImageVerb.Remove(List<String> names) -> {
        var lines = new ArrayList<String>();
        for (String name : names) {
          lines.addAll(freed(images.remove(ImageReference.parse(name))));
        }
        yield lines;
      }
      case Host.ImageVerb.Prune prune -> freed(images.prune(Set.of()));
    };
  }

  private List<String> list() {
    var lines = new ArrayList<String>();
    lines.add("%-48s %-20s %8s".formatted("NAME", "IMAGE ID", "SIZE"));
    for (ResolvedImage image : images.list()) {
      String id = image.id().replace("sha256:", "");
      List<String> names = image.names().isEmpty() ? image.repoDigests() : image.names();
      for (String name : names.isEmpty() ? List.of("<none>") : names) {
        lines.add(
            "%-48s %-20s %8s"
                .formatted(
                    name, id.substring(0, Math.min(12, id.length())), size(image.sizeBytes())));
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

  private static String size(long bytes) {
    if (bytes < 1 << 20) {
      return String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0);
    }
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
