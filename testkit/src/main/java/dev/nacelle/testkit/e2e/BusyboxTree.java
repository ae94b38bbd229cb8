package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A root filesystem of the host's static busybox, to be imported as an image. */
final class BusyboxTree {
  private BusyboxTree() {}

  static Path write(Path tree) {
    Path busybox =
        Command.find("busybox")
            .orElseThrow(() -> new AssertionError("no busybox here: install busybox-static"));
    try {
      for (String directory : List.of("bin", "etc", "proc", "sys", "dev", "root", "var")) {
        Files.createDirectories(tree.resolve(directory));
      }
      Files.createDirectory(tree.resolve("tmp"));
      Files.setAttribute(tree.resolve("tmp"), "unix:mode", 01777);
      Path copy = tree.resolve("bin/busybox");
      Files.copy(busybox, copy);
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String applet : Command.of(busybox.toString(), "--list").run().ok().split("\n")) {
        if (!applet.equals("busybox")) {
          Files.createSymbolicLink(tree.resolve("bin").resolve(applet), Path.of("busybox"));
        }
      }
      Files.writeString(
          tree.resolve("etc/passwd"),
          "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
      Files.writeString(tree.resolve("etc/group"), "root:x:0:\nnogroup:x:65534:\n");
      return tree;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a busybox tree in " + tree, e);
    }
  }
}
