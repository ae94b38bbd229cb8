package dev.nacelle.image;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An archive as {@code docker save} writes it, of layers that are given. */
final class SampleArchive {
  private SampleArchive() {}

  /**
   * @param layers names of tars in {@code work}, bottom first
   */
  static Path write(Path work, List<String> layers) throws Exception {
    var diffIds = new java.util.ArrayList<String>();
    for (String layer : layers) {
      String digest = LocalImageStoreTest.sh(work, "sha256sum " + layer).substring(0, 64);
      diffIds.add("\"sha256:" + digest + "\"");
    }
    Files.writeString(
        work.resolve("config.json"),
        """
        {"architecture":"%s","os":"linux","config":{"Cmd":["/run"]},\
        "rootfs":{"type":"layers","diff_ids":[%s]}}"""
            .formatted(Platform.host().architecture(), String.join(",", diffIds)));
    Files.writeString(
        work.resolve("manifest.json"),
        """
        [{"Config":"config.json","RepoTags":null,"Layers":[%s]}]"""
            .formatted(String.join(",", layers.stream().map(l -> '"' + l + '"').toList())));
    LocalImageStoreTest.sh(
        work, "tar -cf image.tar config.json manifest.json " + String.join(" ", layers));
    return work.resolve("image.tar");
  }
}
