package dev.nacelle.node.pod;

import dev.nacelle.runtime.ContainerStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/**
 * Reads what a container left in its termination message file, or the end of its log where the
 * policy says so.
 */
final class TerminationMessage {
  private static final int MAX_BYTES = 4_096;
  private static final int MAX_LOG_BYTES = 2_048;
  private static final int MAX_LOG_LINES = 80;

  private TerminationMessage() {}

  /** At most 4 KiB; empty where there is nothing. */
  static String read(
      NodeServices services, PodView pod, ContainerView container, ContainerStatus status) {
    Path file =
        new PodPaths(services.config(), pod).terminationMessage(container.name(), status.attempt());
    try {
      String text = tail(file, MAX_BYTES);
      boolean fallBack =
          container
              .json()
              .string("terminationMessagePolicy")
              .filter("FallbackToLogsOnError"::equals)
              .isPresent();
      if (text.isEmpty() && fallBack && status.exit().filter(e -> e.code() != 0).isPresent()) {
        return logEnd(status.logPath());
      }
      return text;
    } catch (IOException e) {
      return "";
    }
  }

  private static String logEnd(Path log) throws IOException {
    String text =
        tail(log, 4 * MAX_LOG_BYTES)
            .lines()
            .map(l -> l.replaceFirst("^\\S+ \\S+ [PF] ?", ""))
            .collect(Collectors.joining("\n"));
    var lines = text.lines().toList();
    String last =
        String.join("\n", lines.subList(Math.max(0, lines.size() - MAX_LOG_LINES), lines.size()));
    String cut =
        last.length() > MAX_LOG_BYTES ? last.substring(last.length() - MAX_LOG_BYTES) : last;
    return cut.isEmpty() ? "" : cut + "\n";
  }

  private static String tail(Path file, int mostBytes) throws IOException {
    if (!Files.isRegularFile(file)) {
      return "";
    }
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      long size = in.length();
      byte[] bytes = new byte[(int) Math.min(size, mostBytes)];
      in.seek(size - bytes.length);
      in.readFully(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
