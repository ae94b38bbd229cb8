package dev.nacelle.node.volume;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A directory of files that all change at once: the files are links through {@code ..data}, which
 * is a link to a directory of the present content and is swapped by one rename. The layout is the
 * kubelet's, so that programs that watch it work.
 */
final class AtomicDirectory {
  private static final String DATA = "..data";
  private static final String NEXT = "..data_tmp";

  /** One file. */
  record Content(Bytes bytes, int mode) {}

  private AtomicDirectory() {}

  /**
   * Makes the directory show exactly {@code files} (relative paths). Nothing is touched where
   * nothing changed.
   */
  static void write(Path directory, Map<String, Content> files) throws IOException {
    Files.createDirectories(directory);
    if (shows(directory, files)) {
      return;
    }
    Path content = Files.createTempDirectory(directory, "..");
    Files.setPosixFilePermissions(content, permissions(0755));
    for (var file : new TreeMap<>(files).entrySet()) {
      Path target = content.resolve(file.getKey()).normalize();
      if (!target.startsWith(content) || target.equals(content)) {
        throw new IOException("a file of a volume must not leave it: " + file.getKey());
      }
      Files.createDirectories(target.getParent());
      Files.write(target, file.getValue().bytes().unsafeArray());
      Files.setPosixFilePermissions(target, permissions(file.getValue().mode()));
    }
    Path old =
        Files.exists(directory.resolve(DATA)) ? directory.resolve(DATA).toRealPath() : content;
    Path next = directory.resolve(NEXT);
    Files.deleteIfExists(next);
    Files.createSymbolicLink(next, content.getFileName());
    Files.move(next, directory.resolve(DATA), StandardCopyOption.ATOMIC_MOVE);
    linkTops(directory, files.keySet());
    if (!old.equals(content)) {
      delete(old);
    }
  }

  private static boolean shows(Path directory, Map<String, Content> files) throws IOException {
    Path data = directory.resolve(DATA);
    if (!Files.isDirectory(data)) {
      return false;
    }
    Path content = data.toRealPath();
    var present = new HashSet<String>();
    try (Stream<Path> walk = Files.walk(content)) {
      for (Path file : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
        String name = content.relativize(file).toString();
        Content wanted = files.get(name);
        if (wanted == null
            || !Files.getPosixFilePermissions(file).equals(permissions(wanted.mode()))
            || !Bytes.wrap(Files.readAllBytes(file)).equals(wanted.bytes())) {
          return false;
        }
        present.add(name);
      }
    }
    return present.equals(files.keySet());
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

  /** Deletes a tree, links not followed; an absent one is fine. */
  static void delete(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(tree)) {
      for (Path path : (Iterable<Path>) walk.sorted(Comparator.reverseOrder())::iterator) {
        Files.deleteIfExists(path);
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
