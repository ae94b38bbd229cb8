package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A platform that fills one file until it is killed, or its keeper is. */
final class FillerProcess {
  private FillerProcess() {}

  /** Starts one and waits until it serves. */
  static Process start(Path run, Path blob, Path map, long size, int chunk) throws IOException {
    Process process =
        ChildJvm.start(
            FillerProcess.class,
            List.of(
                run.toString(),
                blob.toString(),
                map.toString(),
                Long.toString(size),
                Integer.toString(chunk)));
    var out = process.inputReader(ChildJvm.CHARSET);
    String line = out.readLine();
    if (line == null || !line.startsWith("serving")) {
      throw new AssertionError("the filler did not start: " + line);
    }
    return process;
  }

  public static void main(String[] arguments) throws Exception {
    long size = Long.parseLong(arguments[3]);
    int chunk = Integer.parseInt(arguments[4]);
    var poller = Poller.open();
    var map = PresenceMap.open(Path.of(arguments[2]), size, chunk);
    var content =
        PreContent.open(
            poller,
            Path.of(arguments[0]),
            new PatternFiller(Duration.ofMillis(3)),
            () -> Runtime.getRuntime().halt(3));
    content.add("blob", Path.of(arguments[1]), map);
    content.serve();
    System.out.println("serving " + content.origin());
    Thread.currentThread().join();
  }
}
