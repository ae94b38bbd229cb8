package dev.nacelle.testkit.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A root file system made of Debian's busybox-static. */
public final class BusyboxRoot {
  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final List<String> APPLETS =
      List.of(
          "sh",
          "cat",
          "echo",
          "sleep",
          "ls",
          "id",
          "env",
          "pwd",
          "touch",
          "stty",
          "tty",
          "kill",
          "true",
          "false",
          "head",
          "dd",
          "yes",
          "tail",
          "hostname",
          "printf",
          "mount",
          "seq",
          "ps",
          "trap",
          "grep",
          "awk",
          "usleep",
          "ip",
          "mkdir",
          "rm");

  private BusyboxRoot() {}

  /** Why it cannot be made here; empty if it can. */
  public static String missing() {
    return Files.isExecutable(BUSYBOX) ? "" : "no /bin/busybox: install busybox-static";
  }

  /** Makes it in a directory, which is made too. */
  public static Path make(Path root) throws IOException {
    for (String directory : List.of("bin", "etc", "proc", "sys", "dev", "tmp", "root", "work")) {
      Files.createDirectories(root.resolve(directory));
    }
    Path busybox = root.resolve("bin/busybox");
    if (!Files.exists(busybox)) {
      Files.copy(BUSYBOX, busybox);
      for (String applet : APPLETS) {
        Files.createSymbolicLink(root.resolve("bin").resolve(applet), Path.of("busybox"));
      }
      Files.writeString(
          root.resolve("etc/passwd"),
          "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/work:/bin/sh\n");
    }
    return root;
  }
}
