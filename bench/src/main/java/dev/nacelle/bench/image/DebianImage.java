package dev.nacelle.bench.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.bench.platform.Session;
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
 * An image of Debian packages that are installed here, as an OCI layout, compressed by gzip: a
 * large one of Python, compilers, Perl, Git and more, once of a few layers, once of twenty; and a
 * small one of Python and a compiler.
 *
 * @param layout the directory
 * @param manifest of one of them
 * @param bytes of all layers, uncompressed
 */
public record DebianImage(Path layout, Bytes manifest, int files, long bytes) {
  /** The large one in a few layers: what runs, and what is only carried along. */
  public static final String FEW = "few";

  /** The same files in twenty layers. */
  public static final String MANY = "many";

  /** The small one. */
  public static final String SMALL = "small";

  private static final int MANY_LAYERS = 20;

  /**
   * What a layout is made of.
   *
   * @param directory where it stays
   * @param packages of each layer, with all that they depend on
   * @param leastBytes of files: with less the figures mean something else
   */
  private record Recipe(
      String directory, List<List<String>> packages, int leastFiles, long leastBytes) {}

  private static final Recipe LARGE_ONE =
      new Recipe(
          "nacelle-bench-image",
          List.of(
              List.of("python3", "coreutils", "bash"),
              List.of("gcc", "g++", "make"),
              List.of("git", "perl", "vim"),
              List.of("gdb", "cmake")),
          10_000,
          500_000_000);
  private static final Recipe SMALL_ONE =
      new Recipe(
          "nacelle-bench-image-small",
          List.of(List.of("python3", "coreutils", "bash"), List.of("gcc", "make")),
          1_000,
          150_000_000);
  private static final String FILES = "dev.nacelle.bench.files";
  private static final String BYTES = "dev.nacelle.bench.bytes";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

  /** One of the images, below the session's working directory; made there if it is not. */
  public static DebianImage in(Session session, String name)
      throws IOException, InterruptedException {
    Recipe recipe = name.equals(SMALL) ? SMALL_ONE : LARGE_ONE;
    Path directory = session.work().resolve(recipe.directory());
    session.out().println("the image: " + directory + " (it stays there for the next time)");
    if (!Files.exists(directory.resolve("index.json"))) {
      Trees.delete(directory);
      make(directory, recipe);
    }
    return read(directory, name, recipe);
  }

  private static DebianImage read(Path directory, String name, Recipe recipe) throws IOException {
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
    if (image.files < recipe.leastFiles() || image.bytes < recipe.leastBytes()) {
      throw new IOException(
          "cannot make an image of %d MB and %d files of the packages here: it has %d MB and %d files; install %s with their dependencies"
              .formatted(
                  recipe.leastBytes() / 1_000_000,
                  recipe.leastFiles(),
                  image.bytes / 1_000_000,
                  image.files,
                  recipe.packages()));
    }
    return image;
  }

  /** Of what a registry has to be given before the manifest. */
  public List<Descriptor> blobs() {
    JsonObject parsed = JsonReader.readObject(manifest);
    var blobs = new ArrayList<Descriptor>();
    blobs.add(Descriptor.of(parsed.object("config")));
    parsed.array("layers").objects().map(Descriptor::of).forEach(blobs::add);
    return blobs;
  }

  public Path file(Descriptor blob) {
    return blob(layout, blob.digest());
  }

  public int layers() {
    return blobs().size() - 1;
  }

  public long gzipBytes() {
    return blobs().stream().skip(1).mapToLong(Descriptor::sizeBytes).sum();
  }

  private static JsonObject read(Path file) throws IOException {
    return JsonReader.readObject(Bytes.wrap(Files.readAllBytes(file)));
  }

  private static Path blob(Path layout, String digest) {
    return layout.resolve("blobs").resolve(digest.replace(':', '/'));
  }

  private static void make(Path directory, Recipe recipe) throws IOException, InterruptedException {
    Files.createDirectories(directory.resolve("blobs/sha256"));
    List<List<String>> layers = PackageFiles.of(recipe.packages());
    var images = new ArrayList<JsonObject>();
    if (recipe.equals(SMALL_ONE)) {
      images.add(image(directory, SMALL, layers));
    } else {
      images.add(image(directory, FEW, layers));
      images.add(image(directory, MANY, split(layers.stream().flatMap(List::stream).toList())));
    }
    JsonObject index =
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_INDEX)
            .put("manifests", new JsonArray(List.copyOf(images)))
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
