package dev.nacelle.app;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageInspection;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.ResolvedImage;
import java.util.ArrayList;
import java.util.List;

/** The images of this host, for people and for programs. */
record ImageList(LocalImageStore images) {

  /** A line for each name, below a head. */
  List<String> table() {
    var lines = new ArrayList<String>();
    lines.add("%-48s %-20s %10s %10s %6s".formatted("NAME", "IMAGE ID", "SIZE", "ON DISK", "HERE"));
    for (ResolvedImage image : images.list()) {
      String id = image.id().replace("sha256:", "");
      List<String> names = image.names().isEmpty() ? image.repoDigests() : image.names();
      long here = percent(image, presentBytes(image));
      for (String name : names.isEmpty() ? List.of("<none>") : names) {
        lines.add(
            "%-48s %-20s %10s %10s %6s"
                .formatted(
                    name,
                    id.substring(0, Math.min(12, id.length())),
                    ImageWork.size(image.sizeBytes()),
                    ImageWork.size(images.diskBytes(image)),
                    here >= 100 ? "whole" : here + " %"));
      }
    }
    return lines;
  }

  /** {@code {"images": [...]}}, each image once. */
  JsonObject json() {
    var all = new ArrayList<Json>();
    for (ResolvedImage image : images.list()) {
      long present = presentBytes(image);
      all.add(
          JsonObject.builder()
              .put("id", image.id())
              .put("names", JsonArray.ofStrings(image.names()))
              .put("repoDigests", JsonArray.ofStrings(image.repoDigests()))
              .put("sizeBytes", image.sizeBytes())
              .put("presentBytes", present)
              .put("presentPercent", percent(image, present))
              .put("diskBytes", images.diskBytes(image))
              .build());
    }
    return JsonObject.builder().put("images", new JsonArray(all)).build();
  }

  private long presentBytes(ResolvedImage image) {
    return new ImageInspection(images).presentBytes(image);
  }

  private static long percent(ResolvedImage image, long presentBytes) {
    return Math.min(100, presentBytes * 100 / Math.max(1, image.sizeBytes()));
  }
}
