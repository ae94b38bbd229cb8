package dev.nacelle.cli;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code nacelle down}. */
@Command(
    name = "down",
    description = {
      "Stop the platform. Its containers go on running and the next 'up' adopts them.",
      "With --all the containers are stopped and every kernel object is released."
    })
final class DownVerb extends InstanceVerb {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Option(names = "--all", description = "stop containers, release every kernel object")
  boolean all;

  @Option(names = "--purge", description = "as --all, and remove the data directory")
  boolean purge;

  @Override
  public Integer call() throws VerbException, InterruptedException {
    boolean release = all || purge;
    if (!Files.isDirectory(data)) {
      cli.out.println("nothing to stop: there is no " + data);
      return 0;
    }
    boolean wasUp = ControlClient.isUp(data);
    if (wasUp) {
      stop(release);
      cli.out.println("platform stopped");
    } else {
      cli.out.println("platform is not running");
    }
    if (release) {
      int code = cli.host.release(data, cli.output());
      if (code != 0) {
        return code;
      }
      cli.out.println("containers stopped, kernel objects released");
    } else if (wasUp) {
      cli.out.println("containers go on running; 'nacelle up' adopts them");
    }
    if (purge) {
      delete();
      cli.out.println("removed " + data);
    }
    return 0;
  }

  private void stop(boolean release) throws VerbException, InterruptedException {
    Optional<ProcessHandle> process = process();
    try (ControlClient control = ControlClient.connect(data)) {
      control.post("/v1/shutdown", JsonObject.builder().put("all", release).build());
    } catch (VerbException e) {
      // it may end before it has answered
      if (process.isPresent() && !process.get().isAlive()) {
        return;
      }
      process.ifPresent(ProcessHandle::destroy);
    }
    if (process.isEmpty()) {
      return;
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (process.get().isAlive()) {
      if (System.nanoTime() > end) {
        throw new VerbException(
            "cannot stop the platform: process "
                + process.get().pid()
                + " still runs after "
                + PATIENCE.toSeconds()
                + " s");
      }
      Thread.sleep(10);
    }
  }

  private Optional<ProcessHandle> process() throws VerbException {
    try {
      String pid = Files.readString(data.resolve("nacelle.pid")).strip();
      return ProcessHandle.of(Long.parseLong(pid));
    } catch (IOException | NumberFormatException e) {
      throw new VerbException("cannot read " + data.resolve("nacelle.pid") + ": " + e.getMessage());
    }
  }

  private void delete() throws VerbException {
    try {
      Trees.delete(data);
    } catch (IOException e) {
      throw new VerbException("cannot remove " + data + ": " + e.getMessage());
    }
  }
}
