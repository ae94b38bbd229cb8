package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** An image to push and pull. */
final class SampleLayout {
  private SampleLayout() {}

  /** An OCI layout of one image with two layers, the second of 3 MB that do not compress. */
  static Path write(Path directory) throws Exception {
    return write(directory, 1);
  }

  /** The same with other noise; images of all seeds share the first layer. */
  static Path write(Path directory, long seed) throws Exception {
    Path layout = Files.createDirectories(directory.resolve("layout"));
    Files.createDirectories(layout.resolve("blobs/sha256"));
    Path work = Files.createDirectories(directory.resolve("work"));
    byte[] noise = new byte[3 << 20];
    new Random(seed).nextBytes(noise);
    Files.createDirectories(work.resolve("a"));
    Files.writeString(work.resolve("a/one"), "one");
    Files.createDirectories(work.resolve("b"));
    Files.write(work.resolve("b/noise"), noise);
    String layers = "";
    String diffIds = "";
    for (String name : List.of("a", "b")) {
      LocalImageStoreTest.sh(work, "tar --mtime=@0 -C " + name + " -cf l.tar . && gzip -kfn l.tar");
      String diffId = Sha256.of(Bytes.wrap(Files.readAllBytes(work.resolve("l.tar"))));
      String blob = blob(layout, Files.readAllBytes(work.resolve("l.tar.gz")));
      String comma = layers.isEmpty() ? "" : ",";
      layers += comma + descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob);
      diffIds += comma + "\"" + diffId + "\"";
    }
    String config =
        blob(
            layout,
            ("{\"architecture\":\""
                    + Platform.host().architecture()
                    + "\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/one\"]},"
                    + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
                    + diffIds
                    + "]}}")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    String manifest =
        blob(
            layout,
            ("{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                    + "\"config\":"
                    + descriptor("application/vnd.oci.image.config.v1+json", config)
                    + ",\"layers\":["
                    + layers
                    + "]}")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    String entry = descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
    Files.writeString(
        layout.resolve("index.json"),
        "{\"schemaVersion\":2,\"manifests\":["
            + entry.substring(0, entry.length() - 1)
            + ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"it\"}}]}");
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    return layout;
  }

  /** Writes a blob; returns its digest and size as DIGEST/SIZE. */
  private static String blob(Path layout, byte[] content) throws IOException {
    String digest = Sha256.of(Bytes.copyOf(content));
    Files.write(layout.resolve("blobs/sha256").resolve(digest.substring(7)), content);
    return digest + "/" + content.length;
  }

  private static String descriptor(String mediaType, String blob) {
    String[] parts = blob.split("/", 2);
    return "{\"mediaType\":\""
        + mediaType
        + "\",\"digest\":\""
        + parts[0]
        + "\",\"size\":"
        + parts[1]
        + "}";
  }
}
