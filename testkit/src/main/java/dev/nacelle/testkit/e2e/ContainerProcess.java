package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The first process of a container. A number may be given again, number and start together are not.
 *
 * @param pid as the host numbers it
 * @param startTicks when it began, in clock ticks since the boot
 */
record ContainerProcess(long pid, long startTicks) {
  private static final Path PROC = Path.of("/proc");

  /** In {@code /proc/PID/stat}, counted from the state, which is the third. */
  private static final int START_AFTER_STATE = 19;

  /** Of a container of a pod in kubectl's namespace. */
  static ContainerProcess of(Kubectl kubectl, String pod, String container) {
    String uid = kubectl.path("{.metadata.uid}", "pod", pod);
    String id =
        kubectl.path(
            "{.status.containerStatuses[?(@.name=='" + container + "')].containerID}", "pod", pod);
    String bare = id.substring(id.indexOf("://") + 3);
    try (Stream<Path> processes = Files.list(PROC)) {
      return processes
          .filter(p -> String.valueOf(p.getFileName()).matches("\\d+"))
          .filter(p -> inGroupOf(p, uid, bare))
          .flatMap(p -> read(p).stream())
          .min(
              Comparator.comparingLong(ContainerProcess::startTicks)
                  .thenComparingLong(ContainerProcess::pid))
          .orElseThrow(() -> new AssertionError("no process of container " + bare));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its number alone. */
  static long pid(Kubectl kubectl, String pod, String container) {
    return of(kubectl, pod, container).pid();
  }

  /** Whether it is there now, and not a later one with its number. */
  boolean isAlive() {
    return read(PROC.resolve(Long.toString(pid))).equals(Optional.of(this));
  }

  /** A file as the process sees it. */
  Path file(String path) {
    return PROC.resolve(Long.toString(pid)).resolve("root").resolve(path.substring(1));
  }

  private static Optional<ContainerProcess> read(Path process) {
    try {
      String stat = Files.readString(process.resolve("stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[0].equals("Z")
          ? Optional.empty()
          : Optional.of(
              new ContainerProcess(
                  Long.parseLong(String.valueOf(process.getFileName())),
                  Long.parseLong(fields[START_AFTER_STATE])));
    } catch (IOException e) {
      return Optional.empty();
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
