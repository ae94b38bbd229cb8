package dev.nacelle.cli;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A root filesystem of the host's static busybox and links for its applets. */
public final class BusyboxImage {
  private static final List<Path> PLACES =
      List.of(Path.of("/bin/busybox"), Path.of("/usr/bin/busybox"));

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
  private static void write(Path tree) throws IOException, InterruptedException {
    Path busybox =
        PLACES.stream()
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new IOException("there is no busybox here; install busybox-static"));
    Trees.delete(tree);
    for (String directory : List.of("bin", "etc", "proc", "sys", "dev", "root", "usr", "var")) {
      Files.createDirectories(tree.resolve(directory));
    }
    Files.createDirectory(
        tree.resolve("tmp"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx")));
    Files.setAttribute(tree.resolve("tmp"), "unix:mode", 01777);
    Files.copy(busybox, tree.resolve("bin/busybox"));
    Files.setPosixFilePermissions(
        tree.resolve("bin/busybox"), PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String applet : applets(busybox)) {
      if (!applet.equals("busybox") && applet.matches("[a-zA-Z0-9_.\\[-]+")) {
        Files.createSymbolicLink(tree.resolve("bin").resolve(applet), Path.of("busybox"));
      }
    }
    Files.writeString(
        tree.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
    Files.writeString(tree.resolve("etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  }

  private static List<String> applets(Path busybox) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(busybox.toString(), "--list").start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return text.lines().toList();
  }
}
