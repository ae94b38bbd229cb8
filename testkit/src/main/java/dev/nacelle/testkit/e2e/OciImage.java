package dev.nacelle.testkit.e2e;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** An image of the host's busybox as an OCI layout, for clients that push. */
final class OciImage {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  private OciImage() {}

  private record Stored(String digest, int sizeBytes) {}

  /** Writes the layout into {@code image} of a directory; the image is called {@code it}. */
  static void ofBusybox(Path directory) {
    try {
      Path layout = directory.resolve("image");
      Path tree = BusyboxTree.write(directory.resolve("tree"));
      Path tar = directory.resolve("layer.tar");
      Command.of("tar", "-C", tree.toString(), "-cf", tar.toString(), ".").run().ok();
      write(layout, Files.readAllBytes(tar));
      Files.delete(tar);
      Trees.delete(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path layout, byte[] layer) throws IOException {
    Stored stored = store(layout, layer);
    Stored config =
        store(
            layout,
            """
            {"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"]},\
            "rootfs":{"type":"layers","diff_ids":["%s"]}}"""
                .formatted(architecture(), stored.digest()));
    Stored manifest =
        store(
            layout,
            """
            {"schemaVersion":2,"mediaType":"%s",\
            "config":{"mediaType":"application/vnd.oci.image.config.v1+json",\
            "digest":"%s","size":%d},\
            "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",\
            "digest":"%s","size":%d}]}"""
                .formatted(
                    MANIFEST,
                    config.digest(),
                    config.sizeBytes(),
                    stored.digest(),
                    stored.sizeBytes()));
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"%s","size":%d,\
        "annotations":{"org.opencontainers.image.ref.name":"it"}}]}"""
            .formatted(MANIFEST, manifest.digest(), manifest.sizeBytes()));
  }

  private static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  private static Stored store(Path layout, String text) throws IOException {
    return store(layout, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Stored store(Path layout, byte[] content) throws IOException {
    String hex = HexFormat.of().formatHex(sha256(content));
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    Files.write(blobs.resolve(hex), content);
    return new Stored("sha256:" + hex, Bytes.wrap(content).sizeBytes());
  }

  private static byte[] sha256(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
