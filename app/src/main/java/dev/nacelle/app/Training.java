package dev.nacelle.app;

import dev.nacelle.base.files.Trees;
import dev.nacelle.cli.Host;
import dev.nacelle.cli.UpOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Starts a whole platform in a directory of its own, uses it a little, and ends it: what was loaded
 * goes into the start-up cache.
 */
final class Training {
  private Training() {}

  static int run() {
    Path directory;
    try {
      directory = Files.createTempDirectory("nacelle-train");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var options = new UpOptions();
    options.data = directory;
    options.name = Optional.of("nacelle-train");
    options.port = freePort();
    options.foreground = true;
    var application = new Application();
    var report = new StopWhenUp(directory);
    int code = application.run(options, report);
    application.release(directory, report);
    delete(directory);
    return code;
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path directory) {
    try {
      Trees.delete(directory);
    } catch (IOException e) {
      System.err.println("nacelle: cannot remove " + directory + ": " + e.getMessage());
    }
  }

  /** Asks the platform to end as soon as it is up. */
  private record StopWhenUp(Path directory) implements Host.StartReport {
    @Override
    public void line(String text) {
      System.out.println(text);
    }

    @Override
    public void error(String text) {
      System.err.println("nacelle: " + text);
    }

    @Override
    public void finished(int exitCode) {
      if (exitCode == 0) {
        Thread.ofVirtual().start(() -> TrainingLoad.run(directory));
      }
    }
  }
}
