package dev.nacelle.node.volume;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.files.Trees;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Volumes in memory: one tmpfs for all secret files of the host, and one of its own for each
 * emptyDir of medium Memory.
 */
final class MemoryVolumes {
  private final Path root;
  private boolean rootMounted;

  MemoryVolumes(Path root) {
    this.root = root;
  }

  /** A directory on the shared tmpfs; not made yet. */
  Path directory(String podUid, String name) throws IOException {
    ensureRoot();
    Path pod = root.resolve("files").resolve(podUid);
    Files.createDirectories(pod);
    return pod.resolve(name);
  }

  /** A tmpfs of its own. */
  Path mounted(String podUid, String name, Optional<Quantity> sizeLimit) throws IOException {
    ensureRoot();
    Path directory = root.resolve("mounts").resolve(podUid).resolve(name);
    Files.createDirectories(directory);
    if (!isTmpfsOfItsOwn(directory)) {
      String size = sizeLimit.map(s -> ",size=" + s.units()).orElse("");
      Mounts.mount(
          "tmpfs", directory, "tmpfs", Mounts.NO_SUID | Mounts.NO_DEVICES, "mode=0777" + size);
    }
    return directory;
  }

  void remove(String podUid) throws IOException {
    Path mounts = root.resolve("mounts").resolve(podUid);
    if (Files.isDirectory(mounts)) {
      try (Stream<Path> entries = Files.list(mounts)) {
        entries.forEach(Mounts::detach);
      }
      Trees.delete(mounts);
    }
    Trees.delete(root.resolve("files").resolve(podUid));
  }

  private synchronized void ensureRoot() throws IOException {
    if (rootMounted) {
      return;
    }
    Files.createDirectories(root);
    if (!isTmpfsOfItsOwn(root)) {
      Mounts.mount(
          "tmpfs",
          root,
          "tmpfs",
          Mounts.NO_SUID | Mounts.NO_DEVICES | Mounts.NO_EXECUTE,
          "mode=0700");
    }
    rootMounted = true;
  }

  private static boolean isTmpfsOfItsOwn(Path directory) throws IOException {
    FileStore here = Files.getFileStore(directory);
    FileStore above = Files.getFileStore(directory.getParent());
    return here.type().equals("tmpfs")
        && !Files.getAttribute(directory, "unix:dev")
            .equals(Files.getAttribute(directory.getParent(), "unix:dev"))
        && !here.equals(above);
  }
}
