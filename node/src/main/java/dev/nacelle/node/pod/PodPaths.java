package dev.nacelle.node.pod;

import dev.nacelle.base.files.Trees;
import dev.nacelle.node.NodeConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Where a pod's containers keep what outlives them, and how they are called. */
public final class PodPaths {
  private static final String LOG = ".log";

  private final NodeConfig config;
  private final PodView pod;

  public PodPaths(NodeConfig config, PodView pod) {
    this.config = config;
    this.pod = pod;
  }

  /** The same name for the same attempt, whichever process starts it: 40 hexadecimal digits. */
  public static String containerId(String podUid, String container, int attempt) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((podUid + "/" + container + "/" + attempt).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** What one attempt needs beside its image, its termination message among it. */
  public Path container(String container, int attempt) {
    return config
        .podDirectory(pod.uid())
        .resolve("containers")
        .resolve(container)
        .resolve(Integer.toString(attempt));
  }

  public Path terminationMessage(String container, int attempt) {
    return container(container, attempt).resolve("termination-log");
  }

  /** {@code DIR/logs/pods/NAMESPACE_NAME_UID}. */
  public Path logs() {
    return config
        .logs()
        .resolve("pods")
        .resolve(pod.object().namespace() + "_" + pod.object().name() + "_" + pod.uid());
  }

  /** {@code CONTAINER/ATTEMPT.log} below {@link #logs}. */
  public Path log(String container, int attempt) {
    return logs().resolve(container).resolve(attempt + LOG);
  }

  /** The attempts of which there are logs, the newest first. */
  public List<Integer> loggedAttempts(String container) throws IOException {
    Path directory = logs().resolve(container);
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(n -> n.matches("\\d{1,9}\\.log"))
          .map(n -> Integer.valueOf(n.substring(0, n.length() - LOG.length())))
          .sorted(Comparator.reverseOrder())
          .toList();
    }
  }

  /** Deletes the logs of one attempt, rotated ones too. */
  void deleteLogs(String container, int attempt) throws IOException {
    Path directory = logs().resolve(container);
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        if (file.getFileName().toString().startsWith(attempt + LOG)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** Deletes all logs of the pod. */
  void deleteLogs() throws IOException {
    Trees.delete(logs());
  }
}
