package dev.nacelle.bench.image;

import dev.nacelle.bench.report.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The files of installed Debian packages and of all that these depend on. */
final class PackageFiles {
  /** Links into /usr on every Debian since its merge. */
  private static final List<String> LINKS = List.of("bin", "sbin", "lib", "lib64");

  private static final Pattern LINKED =
      Pattern.compile("/(?:bin|sbin|lib|lib64|lib32|libx32)(/.*)?");
  private static final List<String> PLACES =
      List.of("dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var");

  private PackageFiles() {}

  /**
   * Paths without the leading slash, in which no directory is a link.
   *
   * @param groups packages; a file belongs to the first group that has it
   */
  static List<List<String>> of(List<List<String>> groups) throws IOException, InterruptedException {
    Set<String> seen = new LinkedHashSet<>();
    var result = new ArrayList<List<String>>();
    for (List<String> packages : groups) {
      Set<String> files = new LinkedHashSet<>();
      if (result.isEmpty()) {
        LINKS.stream().filter(l -> Files.isSymbolicLink(Path.of("/", l))).forEach(files::add);
        files.addAll(PLACES);
      }
      for (String line : lines("dpkg-query", "-L", closure(packages))) {
        var linked = LINKED.matcher(line);
        String path = linked.matches() ? "/usr" + line : line;
        if (path.startsWith("/")
            && path.length() > 2
            && Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS)) {
          files.add(path.substring(1));
        }
      }
      files.removeAll(seen);
      seen.addAll(files);
      result.add(files.stream().sorted().toList());
    }
    return result;
  }

  private static List<String> closure(List<String> packages)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(List.of("--recurse", "--installed", "--no-recommends", "--no-suggests"));
    command.addAll(List.of("--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"));
    command.addAll(packages);
    return lines("apt-cache", "depends", command).stream()
        .filter(l -> !l.isEmpty() && Character.isLetterOrDigit(l.charAt(0)))
        .distinct()
        .toList();
  }

  /** Some of the names are virtual: that a part fails is no error. */
  private static List<String> lines(String program, String verb, List<String> words)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(program, verb));
    command.addAll(words);
    return Command.run(command).output().lines().toList();
  }
}
