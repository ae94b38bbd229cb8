package dev.nacelle.bench.teleport;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.bench.report.Command;
import dev.nacelle.image.Platform;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image of Debian's Python, compilers, Perl, Git and more, of the packages that are installed
 * here, as an OCI layout: once of a few layers, once of twenty, compressed by gzip.
 *
 * @param layout the directory
 * @param manifest of one of the two
 * @param bytes of all layers, uncompressed
 */
record DebianImage(Path layout, Bytes manifest, int files, long bytes) {
  /** A few layers: what runs, and what is only carried along. */
  static final String FEW = "few";

  /** The same files in twenty layers. */
  static final String MANY = "many";

  private static final int MANY_LAYERS = 20;
  private static final int LEAST_FILES = 10_000;
  private static final long LEAST_BYTES = 500_000_000;
  private static final String FILES = "dev.nacelle.bench.files";
  private static final String BYTES = "dev.nacelle.bench.bytes";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
  private static final List<List<String>> PACKAGES =
      List.of(
          List.of("python3", "coreutils", "bash"),
          List.of("gcc", "g++", "make"),
          List.of("git", "perl", "vim"),
          List.of("gdb", "cmake"));

  /** The image in a directory, made there if it is not. */
  static DebianImage in(Path directory, String name) throws IOException, InterruptedException {
    if (!Files.exists(directory.resolve("index.json"))) {
      Trees.delete(directory);
      make(directory);
    }
    JsonObject index = read(directory.resolve("index.json"));
    JsonObject found =
        index
            .array("manifests")
            .objects()
            .filter(
                m ->
                    m.string("annotations", "org.opencontainers.image.ref.name")
                        .orElse("")
                        .equals(name))
            .findFirst()
            .orElseThrow(() -> new IOException("there is no image " + name + " in " + directory));
    Path blob = blob(directory, found.string("digest").orElse(""));
    JsonObject manifest = read(blob);
    var image =
        new DebianImage(
            directory,
            Bytes.wrap(Files.readAllBytes(blob)),
            Integer.parseInt(manifest.string("annotations", FILES).orElse("0")),
            Long.parseLong(manifest.string("annotations", BYTES).orElse("0")));
    if (image.files < LEAST_FILES || image.bytes < LEAST_BYTES) {
      throw new IOException(
          "cannot make an image of 500 MB and 10,000 files of the packages here: it has %d MB and %d files; install %s with their dependencies"
              .formatted(image.bytes / 1_000_000, image.files, PACKAGES));
    }
    return image;
  }

  /** Of what a registry has to be given before the manifest. */
  List<Descriptor> blobs() {
    JsonObject parsed = JsonReader.readObject(manifest);
    var blobs = new ArrayList<Descriptor>();
    blobs.add(Descriptor.of(parsed.object("config")));
    parsed.array("layers").objects().map(Descriptor::of).forEach(blobs::add);
    return blobs;
  }

  Path file(Descriptor blob) {
    return blob(layout, blob.digest());
  }

  int layers() {
    return blobs().size() - 1;
  }

  long gzipBytes() {
    return blobs().stream().skip(1).mapToLong(Descriptor::sizeBytes).sum();
  }

  private static JsonObject read(Path file) throws IOException {
    return JsonReader.readObject(Bytes.wrap(Files.readAllBytes(file)));
  }

  private static Path blob(Path layout, String digest) {
    return layout.resolve("blobs").resolve(digest.replace(':', '/'));
  }

  private static void make(Path directory) throws IOException, InterruptedException {
    Files.createDirectories(directory.resolve("blobs/sha256"));
    List<List<String>> few = PackageFiles.of(PACKAGES);
    List<List<String>> many = split(few.stream().flatMap(List::stream).toList());
    JsonObject index =
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_INDEX)
            .put(
                "manifests", JsonArray.of(image(directory, FEW, few), image(directory, MANY, many)))
            .build();
    Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.write(directory.resolve("index.json"), JsonWriter.write(index).toByteArray());
  }

  private static List<List<String>> split(List<String> files) throws IOException {
    long all = 0;
    for (String file : files) {
      all += size(file);
    }
    var parts = new ArrayList<List<String>>();
    var part = new ArrayList<String>();
    long before = 0;
    for (String file : files) {
      part.add(file);
      before += size(file);
      if (before > all * (parts.size() + 1) / MANY_LAYERS && parts.size() < MANY_LAYERS - 1) {
        parts.add(List.copyOf(part));
        part.clear();
      }
    }
    parts.add(List.copyOf(part));
    return parts;
  }

  private static int regular(List<String> files) {
    return (int)
        files.stream()
            .filter(f -> Files.isRegularFile(Path.of("/", f), LinkOption.NOFOLLOW_LINKS))
            .count();
  }

  private static long size(String file) throws IOException {
    Path path = Path.of("/", file);
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? Files.size(path) : 0;
  }

  private static JsonObject image(Path directory, String name, List<List<String>> layers)
      throws IOException, InterruptedException {
    var tars = new ArrayList<Path>();
    int files = 0;
    long bytes = 0;
    for (List<String> layer : layers) {
      Path tar = directory.resolve(name + tars.size() + ".tar");
      Path list = directory.resolve("list");
      Files.write(
          list,
          (String.join("\0", layer) + "\0").getBytes(java.nio.charset.StandardCharsets.UTF_8));
      Command.output(
          "tar",
          "-C",
          "/",
          "--null",
          "--no-recursion",
          "--numeric-owner",
          "-cf",
          tar.toString(),
          "-T",
          list.toString());
      Files.delete(list);
      tars.add(tar);
      files += regular(layer);
      bytes += Files.size(tar);
    }
    var diffIds = new ArrayList<String>();
    for (Path tar : tars) {
      diffIds.add(sha256(tar));
    }
    var compress =
        new ArrayList<>(
            List.of("sh", "-c", "printf '%s\\0' \"$@\" | xargs -0 -n 1 -P 2 gzip -n", "sh"));
    tars.forEach(tar -> compress.add(tar.toString()));
    Command.output(compress);
    var described = new ArrayList<JsonObject>();
    for (Path tar : tars) {
      Path zipped = tar.resolveSibling(tar.getFileName() + ".gz");
      String digest = sha256(zipped);
      described.add(descriptor(LAYER, digest, Files.size(zipped)).build());
      Files.move(zipped, blob(directory, digest));
    }
    JsonObject config =
        store(directory, "application/vnd.oci.image.config.v1+json", config(diffIds)).build();
    JsonObject manifest =
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_MANIFEST)
            .put("config", config)
            .put("layers", new JsonArray(List.copyOf(described)))
            .put(
                "annotations",
                JsonObject.builder()
                    .put(FILES, String.valueOf(files))
                    .put(BYTES, String.valueOf(bytes))
                    .build())
            .build();
    return store(directory, MediaTypes.OCI_MANIFEST, manifest)
        .put(
            "annotations",
            JsonObject.builder().put("org.opencontainers.image.ref.name", name).build())
        .build();
  }

  private static JsonObject config(List<String> diffIds) {
    return JsonObject.builder()
        .put("architecture", Platform.host().architecture())
        .put("os", "linux")
        .put(
            "config",
            JsonObject.builder()
                .put("Env", JsonArray.ofStrings(List.of("PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8")))
                .build())
        .put(
            "rootfs",
            JsonObject.builder()
                .put("type", "layers")
                .put("diff_ids", JsonArray.ofStrings(diffIds))
                .build())
        .build();
  }

  private static JsonObject.Builder store(Path directory, String mediaType, JsonObject content)
      throws IOException {
    Bytes bytes = JsonWriter.write(content);
    Descriptor blob = Descriptor.of(mediaType, bytes);
    Files.write(blob(directory, blob.digest()), bytes.toByteArray());
    return descriptor(mediaType, blob.digest(), blob.sizeBytes());
  }

  private static JsonObject.Builder descriptor(String mediaType, String digest, long size) {
    return JsonObject.builder().put("mediaType", mediaType).put("digest", digest).put("size", size);
  }

  private static String sha256(Path file) throws IOException, InterruptedException {
    return "sha256:" + Command.output("sha256sum", file.toString()).substring(0, 64);
  }
}
