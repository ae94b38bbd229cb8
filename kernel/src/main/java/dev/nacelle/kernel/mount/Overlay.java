package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    try (FileSystemContext overlay = FileSystemContext.open("overlay")) {
      overlay.set("source", "overlay");
      lowers.forEach(lower -> overlay.set("lowerdir+", lower.toString()));
      overlay.set("upperdir", upper.toString()).set("workdir", work.toString());
      options.forEach(overlay::set);
      overlay.mount(target, 0);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EINVAL) {
        throw e;
      }
      mountByOneString(lowers, upper, work, target, options);
    }
  }

  private static void mountByOneString(
      List<Path> lowers, Path upper, Path work, Path target, List<String> options) {
    String data = data(lowers.stream().map(Path::toString).toList(), upper, work, options);
    if (data.length() <= MAX_DATA_BYTES) {
      Mounts.mount("overlay", target, "overlay", 0, data);
      return;
    }
    var opened = new ArrayList<Descriptor>();
    try {
      for (Path lower : lowers) {
        opened.add(Descriptor.open(lower, PATH_ONLY));
      }
      List<String> names = opened.stream().map(d -> "/proc/self/fd/" + d.number()).toList();
      Mounts.mount("overlay", target, "overlay", 0, data(names, upper, work, options));
    } finally {
      opened.forEach(Descriptor::close);
    }
  }

  private static String data(List<String> lowers, Path upper, Path work, List<String> options) {
    var data = new StringBuilder("lowerdir=").append(String.join(":", lowers));
    data.append(",upperdir=").append(upper).append(",workdir=").append(work);
    options.forEach(option -> data.append(',').append(option));
    return data.toString();
  }
}
