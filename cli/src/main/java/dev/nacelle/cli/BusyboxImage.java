package dev.nacelle.cli;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * A root filesystem of the host's static busybox and links for its applets. The same busybox gives
 * the same image, whenever it is made.
 */
public final class BusyboxImage {
  private static final List<Path> PLACES =
      List.of(Path.of("/bin/busybox"), Path.of("/usr/bin/busybox"));

  private static final FileTime TIME = FileTime.from(Instant.EPOCH);

  private BusyboxImage() {}

  /**
   * Imports the image into a running platform.
   *
   * @param tree where it is made on the way; nothing stays there
   * @return what the platform says of it
   * @throws IOException if it cannot be made here
   * @throws VerbException if the platform refuses it
   */
  public static List<String> importAs(String name, Path tree, ControlClient control)
      throws IOException, VerbException, InterruptedException {
    try {
      write(tree);
      return control
          .post(
              "/v1/images",
              JsonObject.builder()
                  .put("verb", "import")
                  .put("source", tree.toString())
                  .put("name", name)
                  .build())
          .array("lines")
          .strings()
          .toList();
    } finally {
      Trees.delete(tree);
    }
  }

  /** Makes the tree anew; an older one is removed. */
  static void write(Path tree) throws IOException, InterruptedException {
    Path busybox =
        PLACES.stream()
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new IOException("there is no busybox here; install busybox-static"));
    Trees.delete(tree);
    for (String directory :
        List.of("bin", "etc", "proc", "sys", "dev", "root", "tmp", "usr", "var")) {
      Files.createDirectories(tree.resolve(directory));
    }
    Files.copy(busybox, tree.resolve("bin/busybox"));
    for (String applet : applets(busybox)) {
      if (!applet.equals("busybox") && applet.matches("[a-zA-Z0-9_.\\[-]+")) {
        Files.createSymbolicLink(tree.resolve("bin").resolve(applet), Path.of("busybox"));
      }
    }
    Files.writeString(
        tree.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
    Files.writeString(tree.resolve("etc/group"), "root:x:0:\nnogroup:x:65534:\n");
    unify(tree);
  }

  /** Leaves nothing of when it was made, nor of the file mode mask of who made it. */
  private static void unify(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.toList()) {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          Files.setAttribute(file, "unix:mode", file.endsWith("tmp") ? 01777 : 0755);
        } else if (!Files.isSymbolicLink(file)) {
          Files.setAttribute(file, "unix:mode", file.endsWith("busybox") ? 0755 : 0644);
        }
        Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .setTimes(TIME, TIME, TIME);
      }
    }
  }

  private static List<String> applets(Path busybox) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(busybox.toString(), "--list").start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return text.lines().toList();
  }
}
