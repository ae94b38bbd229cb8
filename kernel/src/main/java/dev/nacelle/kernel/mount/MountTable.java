package dev.nacelle.kernel.mount;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The mounts of this process's mount namespace at one moment; proc_pid_mountinfo(5). */
public record MountTable(List<Entry> entries) {

  /**
   * One mount.
   *
   * @param device {@code major:minor}
   * @param root the directory of the file system that is mounted
   * @param options those of the mount
   * @param superOptions those of the file system
   */
  public record Entry(
      int id,
      int parentId,
      String device,
      String root,
      Path target,
      String options,
      String type,
      String source,
      String superOptions) {}

  public MountTable {
    entries = List.copyOf(entries);
  }

  /** Reads the table now. */
  public static MountTable read() {
    try {
      return parse(Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc/self/mountinfo", e);
    }
  }

  /**
   * @param text lines of mountinfo, each byte one char
   */
  static MountTable parse(String text) {
    var entries = new ArrayList<Entry>();
    text.lines().forEach(line -> line(line).ifPresent(entries::add));
    return new MountTable(entries);
  }

  /** The mount on top at {@code target}. */
  public Optional<Entry> at(Path target) {
    return entries.stream().filter(e -> e.target.equals(target)).reduce((under, top) -> top);
  }

  /** All mounts strictly below a directory, in the order they were made. */
  public Stream<Entry> below(Path directory) {
    return entries.stream()
        .filter(e -> e.target.startsWith(directory) && !e.target.equals(directory));
  }

  private static Optional<Entry> line(String line) {
    int dash = line.indexOf(" - ");
    if (dash < 0) {
      return Optional.empty();
    }
    String[] before = line.substring(0, dash).split(" ");
    String[] after = line.substring(dash + 3).split(" ");
    if (before.length < 6 || after.length < 2) {
      return Optional.empty();
    }
    return Optional.of(
        new Entry(
            Integer.parseInt(before[0]),
            Integer.parseInt(before[1]),
            before[2],
            unescape(before[3]),
            Path.of(unescape(before[4])),
            before[5],
            after[0],
            unescape(after[1]),
            after.length > 2 ? after[2] : ""));
  }

  /** Space, tab, newline and backslash appear as a backslash and three octal digits. */
  private static String unescape(String field) {
    var bytes = new ByteArrayOutputStream(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 3 < field.length() && isOctal(field, i + 1)) {
        bytes.write(Integer.parseInt(field, i + 1, i + 4, 8));
        i += 3;
      } else {
        bytes.write(c);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static boolean isOctal(String text, int from) {
    for (int i = from; i < from + 3; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '7') {
        return false;
      }
    }
    return true;
  }
}
