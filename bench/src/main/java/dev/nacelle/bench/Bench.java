package dev.nacelle.bench;

import dev.nacelle.bench.api.ApiFigures;
import dev.nacelle.bench.memory.MemoryUse;
import dev.nacelle.bench.platform.Profile;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.podstart.PodStart;
import dev.nacelle.bench.report.Machine;
import dev.nacelle.bench.starter.ContainerStarts;
import dev.nacelle.bench.up.UpTimes;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes figures and prints them; what it starts, it ends. */
@Command(
    name = "bench",
    description = {
      "Take figures of the platform and print them as tables. NAME is one of:",
      "  up         wall time of 'up' on a fresh data directory and later",
      "  pod-start  a bare pod from the request to its first output, beside containerd and runc",
      "  starter    a container in a sandbox to its first output: natively, by crun, by runc",
      "  api        requests a second, CPU time a request and watch latency over TLS",
      "  memory     PSS of platform, keeper and monitors 60 s after the demo",
      "Without NAME all of them. Leave the machine alone meanwhile; it needs root."
    })
public final class Bench implements Callable<Integer> {
  private static final List<String> ALL = List.of("up", "pod-start", "starter", "api", "memory");

  @Parameters(paramLabel = "NAME", arity = "0..*", description = "what to measure")
  List<String> names = new ArrayList<>();

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "runs of pod-start (default: 100), of starter (200) and of up (5)")
  Optional<Integer> count = Optional.empty();

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "for each kind of request of api (default: ${DEFAULT-VALUE})")
  int seconds = 10;

  @Option(
      names = "--rest",
      paramLabel = "S",
      description = "how long memory waits after the demo (default: ${DEFAULT-VALUE})")
  int rest = 60;

  @Option(names = "--no-peer", description = "pod-start without containerd beside it")
  boolean alone;

  @Option(
      names = "--profile",
      paramLabel = "DIR",
      description = "write flight recordings of api and of pod-start --no-peer there")
  Optional<Path> profile = Optional.empty();

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "where data directories are made (default: ${DEFAULT-VALUE})")
  Path work = Path.of(System.getProperty("java.io.tmpdir"));

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  boolean help;

  public static void main(String[] arguments) {
    var interruption = Interruption.ofThisThread();
    int status = new CommandLine(new Bench()).execute(arguments);
    interruption.over();
    System.exit(status);
  }

  @Override
  public Integer call() {
    if (!ALL.containsAll(names)) {
      System.err.println("bench: unknown name in " + names + "; choose of " + ALL);
      return 2;
    }
    Path root = Path.of(System.getProperty("nacelle.root", "."));
    try {
      Files.createDirectories(work);
      Session session =
          new Session(
              root, work, new Machine(root, Clock.systemUTC()), Profile.into(profile), System.out);
      for (String name : names.isEmpty() ? ALL : names) {
        measure(name, session);
      }
      return 0;
    } catch (IOException | VerbException e) {
      System.err.println("bench: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      System.err.println("bench: interrupted");
      return 1;
    }
  }

  private void measure(String name, Session session)
      throws IOException, InterruptedException, VerbException {
    switch (name) {
      case "up" -> UpTimes.run(session, count.orElse(5));
      case "pod-start" ->
          PodStart.run(
              session, count.orElse(100), alone ? PodStart.Peer.NONE : PodStart.Peer.BESIDE);
      case "starter" -> ContainerStarts.run(session, count.orElse(200));
      case "api" -> ApiFigures.run(session, Duration.ofSeconds(seconds));
      case "memory" -> MemoryUse.run(session, Duration.ofSeconds(rest));
      default -> throw new IllegalArgumentException(name);
    }
  }
}
