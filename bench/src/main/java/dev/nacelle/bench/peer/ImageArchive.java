package dev.nacelle.bench.peer;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Writes an image of one static program as {@code docker save} does: both sides import that. */
public final class ImageArchive {
  private ImageArchive() {}

  /**
   * @param program a static executable, which the image holds under {@code path}
   * @param path absolute
   */
  public static void write(Path archive, String reference, Path program, String path)
      throws IOException {
    byte[] layer = layer(Files.readAllBytes(program), path.substring(1));
    byte[] config = config(layer, path);
    String configName = sha256(config) + ".json";
    byte[] manifest =
        JsonWriter.write(
                JsonArray.of(
                    JsonObject.builder()
                        .put("Config", configName)
                        .put("RepoTags", JsonArray.ofStrings(List.of(reference)))
                        .put("Layers", JsonArray.ofStrings(List.of("layer/layer.tar")))
                        .build()))
            .toByteArray();
    try (OutputStream file = Files.newOutputStream(archive);
        var tar = new TarArchiveOutputStream(file)) {
      directory(tar, "layer/");
      put(tar, "layer/layer.tar", layer, 0644);
      put(tar, configName, config, 0644);
      put(tar, "manifest.json", manifest, 0644);
    }
  }

  private static byte[] layer(byte[] program, String path) throws IOException {
    var bytes = new ByteArrayOutputStream(program.length + 20_480);
    try (var tar = new TarArchiveOutputStream(bytes)) {
      for (String directory : List.of("bin/", "dev/", "etc/", "proc/", "sys/", "tmp/")) {
        directory(tar, directory);
      }
      put(tar, path, program, 0755);
    }
    return bytes.toByteArray();
  }

  private static byte[] config(byte[] layer, String path) {
    return JsonWriter.write(
            JsonObject.builder()
                .put("architecture", architecture())
                .put("os", "linux")
                .put(
                    "config",
                    JsonObject.builder()
                        .put("Entrypoint", JsonArray.ofStrings(List.of(path)))
                        .put("Env", JsonArray.ofStrings(List.of("PATH=/bin")))
                        .build())
                .put(
                    "rootfs",
                    JsonObject.builder()
                        .put("type", "layers")
                        .put("diff_ids", JsonArray.ofStrings(List.of("sha256:" + sha256(layer))))
                        .build())
                .build())
        .toByteArray();
  }

  private static String architecture() {
    return switch (System.getProperty("os.arch")) {
      case "aarch64" -> "arm64";
      default -> "amd64";
    };
  }

  private static void directory(TarArchiveOutputStream tar, String name) throws IOException {
    var entry = new TarArchiveEntry(name);
    entry.setMode(040755);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private static void put(TarArchiveOutputStream tar, String name, byte[] content, int mode)
      throws IOException {
    var entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    entry.setMode(0100000 | mode);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
