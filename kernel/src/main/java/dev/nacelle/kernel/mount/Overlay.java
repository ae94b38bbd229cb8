package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Overlay mounts of any number of lower directories the kernel allows (500); overlayfs.rst. Since
 * Linux 6.7 each lower directory is set by itself. Before, all must fit into one page: there they
 * are named by short descriptor paths where they would not.
 */
public final class Overlay {
  private static final int MAX_DATA_BYTES = 4095;
  private static final int PATH_ONLY = 010000000;

  private Overlay() {}

  /**
   * Mounts an overlay on {@code target}.
   *
   * @param lowers top first, at least one
   * @param options further options without a value, for example {@code volatile}
   * @throws ErrnoException if the kernel refuses
   */
  public static void mount(
      List<Path> lowers, Path upper, Path work, Path target, List<String> options) {
    mount(lowers, new Upper(Optional.of(upper), Optional.of(work), options), target, 0);
  }

  /**
   * Mounts directories one over the other on {@code target}, read-only and without programs.
   *
   * @param lowers top first, at least two: the kernel takes no fewer without an upper directory
   * @throws ErrnoException if the kernel refuses
   */
  public static void mountReadOnly(List<Path> lowers, Path target) {
    mount(
        lowers,
        new Upper(Optional.empty(), Optional.empty(), List.of()),
        target,
        Mounts.READ_ONLY | Mounts.NO_EXECUTE);
  }

  /** What lies over the lower directories, and how. */
  private record Upper(Optional<Path> upper, Optional<Path> work, List<String> options) {}

  /**
   * @param flags such as have the same number for mount(2) and fsmount(2)
   */
  private static void mount(List<Path> lowers, Upper upper, Path target, long flags) {
    try (FileSystemContext overlay = FileSystemContext.open("overlay")) {
      overlay.set("source", "overlay");
      lowers.forEach(lower -> overlay.set("lowerdir+", lower.toString()));
      upper.upper.ifPresent(directory -> overlay.set("upperdir", directory.toString()));
      upper.work.ifPresent(directory -> overlay.set("workdir", directory.toString()));
      upper.options.forEach(overlay::set);
      overlay.mount(target, flags);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EINVAL) {
        throw e;
      }
      mountByOneString(lowers, upper, target, flags);
    }
  }

  private static void mountByOneString(List<Path> lowers, Upper upper, Path target, long flags) {
    String data = data(lowers.stream().map(Path::toString).toList(), upper);
    if (data.length() <= MAX_DATA_BYTES) {
      Mounts.mount("overlay", target, "overlay", flags, data);
      return;
    }
    var opened = new ArrayList<Descriptor>();
    try {
      for (Path lower : lowers) {
        opened.add(Descriptor.open(lower, PATH_ONLY));
      }
      List<String> names = opened.stream().map(d -> "/proc/self/fd/" + d.number()).toList();
      Mounts.mount("overlay", target, "overlay", flags, data(names, upper));
    } finally {
      opened.forEach(Descriptor::close);
    }
  }

  private static String data(List<String> lowers, Upper upper) {
    var data = new StringBuilder("lowerdir=").append(String.join(":", lowers));
    upper.upper.ifPresent(directory -> data.append(",upperdir=").append(directory));
    upper.work.ifPresent(directory -> data.append(",workdir=").append(directory));
    upper.options.forEach(option -> data.append(',').append(option));
    return data.toString();
  }
}
