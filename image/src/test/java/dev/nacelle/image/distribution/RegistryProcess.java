package dev.nacelle.image.distribution;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A registry in a process of its own, to be killed. */
final class RegistryProcess implements AutoCloseable {
  private final Process process;
  private final int port;

  private RegistryProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static RegistryProcess start(Path directory, int heapMib) throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx" + heapMib + "m",
                    "-XX:+UseSerialGC",
                    "-XX:MaxDirectMemorySize=64m",
                    "-Dio.netty.allocator.type=pooled",
                    "-cp",
                    System.getProperty("java.class.path"),
                    RunningRegistry.class.getName(),
                    directory.toString(),
                    "0"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("port ")) {
        return new RegistryProcess(process, Integer.parseInt(line.substring("port ".length())));
      }
    }
    process.destroyForcibly();
    throw new IOException("the registry's process ended");
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL; returns when it is gone. */
  void kill() {
    process.destroyForcibly();
    boolean interrupted = false;
    while (process.isAlive()) {
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
  }
}
