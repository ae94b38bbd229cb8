package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The first process of a container, as the host numbers it. */
final class ContainerProcess {
  private ContainerProcess() {}

  /** Of a container of a pod in kubectl's namespace. */
  static long pid(Kubectl kubectl, String pod, String container) {
    String uid = kubectl.path("{.metadata.uid}", "pod", pod);
    String id =
        kubectl.path(
            "{.status.containerStatuses[?(@.name=='" + container + "')].containerID}", "pod", pod);
    String bare = id.substring(id.indexOf("://") + 3);
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .filter(p -> String.valueOf(p.getFileName()).matches("\\d+"))
          .filter(p -> inGroupOf(p, uid, bare))
          .mapToLong(p -> Long.parseLong(String.valueOf(p.getFileName())))
          .min()
          .orElseThrow(() -> new AssertionError("no process of container " + bare));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean inGroupOf(Path process, String uid, String container) {
    try {
      String groups = Files.readString(process.resolve("cgroup"));
      return groups.contains(uid) && groups.contains(container);
    } catch (IOException e) {
      return false;
    }
  }
}
