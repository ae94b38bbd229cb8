package dev.nacelle.node.volume;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.Trees;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A directory of files that all change at once: the files are links through {@code ..data}, which
 * is a link to a directory of the present content and is swapped by one rename. The layout is that
 * of the kubelet's {@code AtomicWriter}, so that programs that watch it work.
 */
final class AtomicDirectory {
  private static final String DATA = "..data";
  private static final String NEXT = "..data_tmp";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("'..'yyyy_MM_dd_HH_mm_ss'.'");
  private static final int DIRECTORY_MODE = 0755;
  private static final int GROUP_READS = 0440;
  private static final int GROUP_ENTERS = 02550;

  /** One file. */
  record Content(Bytes bytes, int mode) {}

  private AtomicDirectory() {}

  /**
   * Makes the directory show exactly {@code files} (relative paths). Nothing is touched where
   * nothing changed.
   *
   * @param group owns the files and may read them, where there is one
   */
  static void write(Path directory, Map<String, Content> files, OptionalLong group)
      throws IOException {
    Files.createDirectories(directory);
    String present = present(directory);
    if (!present.isEmpty() && shows(directory.resolve(present), files, group)) {
      return;
    }
    Path content = fill(directory, files, group);
    Path next = directory.resolve(NEXT);
    Files.deleteIfExists(next);
    Files.createSymbolicLink(next, content.getFileName());
    Files.move(next, directory.resolve(DATA), StandardCopyOption.ATOMIC_MOVE);
    linkTops(directory, files.keySet());
    sweep(directory, content.getFileName().toString());
  }

  /** The name that {@code ..data} leads to; empty where there is nothing yet. */
  private static String present(Path directory) throws IOException {
    try {
      return Files.readSymbolicLink(directory.resolve(DATA)).toString();
    } catch (NoSuchFileException | NotLinkException e) {
      return "";
    }
  }

  private static Path fill(Path directory, Map<String, Content> files, OptionalLong group)
      throws IOException {
    Path content = fresh(directory);
    give(content, DIRECTORY_MODE, group, GROUP_ENTERS);
    for (var file : new TreeMap<>(files).entrySet()) {
      Path target = content.resolve(file.getKey()).normalize();
      if (!target.startsWith(content) || target.equals(content)) {
        throw new IOException("a file of a volume must not leave it: " + file.getKey());
      }
      makeParents(content, content.relativize(target), group);
      Files.write(target, file.getValue().bytes().unsafeArray());
      give(target, file.getValue().mode(), group, GROUP_READS);
    }
    return content;
  }

  private static Path fresh(Path directory) throws IOException {
    while (true) {
      String stamp = LocalDateTime.now(ZoneOffset.UTC).format(STAMP);
      Path content = directory.resolve(stamp + ThreadLocalRandom.current().nextInt(1 << 30));
      try {
        return Files.createDirectory(content);
      } catch (FileAlreadyExistsException e) {
        // another number then
      }
    }
  }

  /** Makes the directories on the way from the content to a file. */
  private static void makeParents(Path content, Path file, OptionalLong group) throws IOException {
    Path directory = content;
    for (int i = 0; i < file.getNameCount() - 1; i++) {
      directory = directory.resolve(file.getName(i));
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(directory);
        give(directory, DIRECTORY_MODE, group, GROUP_ENTERS);
      }
    }
  }

  private static void give(Path path, int mode, OptionalLong group, int groupMode)
      throws IOException {
    if (group.isPresent()) {
      Files.setAttribute(path, "unix:gid", (int) group.getAsLong());
    }
    Files.setAttribute(path, "unix:mode", mode | (group.isPresent() ? groupMode : 0));
  }

  private static boolean shows(Path content, Map<String, Content> files, OptionalLong group)
      throws IOException {
    if (!Files.isDirectory(content)) {
      return false;
    }
    var present = new HashSet<String>();
    try (Stream<Path> walk = Files.walk(content)) {
      for (Path file : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
        String name = content.relativize(file).toString();
        Content wanted = files.get(name);
        if (wanted == null || !isSame(file, wanted, group)) {
          return false;
        }
        present.add(name);
      }
    }
    return present.equals(files.keySet());
  }

  private static boolean isSame(Path file, Content wanted, OptionalLong group) throws IOException {
    int mode = wanted.mode() | (group.isPresent() ? GROUP_READS : 0);
    Object gid = group.isPresent() ? (int) group.getAsLong() : Files.getAttribute(file, "unix:gid");
    return Files.readAttributes(file, "unix:permissions,gid,size")
            .equals(
                Map.of(
                    "permissions",
                    permissions(mode),
                    "gid",
                    gid,
                    "size",
                    (long) wanted.bytes().sizeBytes()))
        && Bytes.wrap(Files.readAllBytes(file)).equals(wanted.bytes());
  }

  private static void linkTops(Path directory, Set<String> files) throws IOException {
    var tops = new HashSet<String>();
    files.forEach(f -> tops.add(Path.of(f).getName(0).toString()));
    for (String top : tops) {
      Path link = directory.resolve(top);
      if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
        Files.createSymbolicLink(link, Path.of(DATA).resolve(top));
      }
    }
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        String name = entry.getFileName().toString();
        if (!name.startsWith("..") && !tops.contains(name)) {
          Files.deleteIfExists(entry);
        }
      }
    }
  }

  /** Removes former content, and what a killed process left half made. */
  private static void sweep(Path directory, String present) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        String name = entry.getFileName().toString();
        if (name.startsWith("..") && !name.equals(DATA) && !name.equals(present)) {
          Trees.delete(entry);
        }
      }
    }
  }

  static Set<PosixFilePermission> permissions(int mode) {
    var all = PosixFilePermission.values();
    var result = EnumSet.noneOf(PosixFilePermission.class);
    for (int bit = 0; bit < 9; bit++) {
      if ((mode & 1 << (8 - bit)) != 0) {
        result.add(all[bit]);
      }
    }
    return result;
  }
}
