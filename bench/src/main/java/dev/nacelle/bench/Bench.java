package dev.nacelle.bench;

import dev.nacelle.bench.api.ApiFigures;
import dev.nacelle.bench.convert.Conversions;
import dev.nacelle.bench.hosts.PeerReads;
import dev.nacelle.bench.lazy.LazyFills;
import dev.nacelle.bench.memory.MemoryUse;
import dev.nacelle.bench.platform.Profile;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.podstart.PodStart;
import dev.nacelle.bench.report.Machine;
import dev.nacelle.bench.starter.ContainerStarts;
import dev.nacelle.bench.teleport.Teleport;
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
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Takes figures and prints them; what it starts, it ends. Its help is {@code bench/help.txt}. */
@Command(name = "nacelle bench")
public final class Bench implements Callable<Integer> {
  private static final List<String> ALL =
      List.of(
          "up", "pod-start", "starter", "convert", "lazy", "teleport", "peers", "api", "memory");

  @Parameters(paramLabel = "NAME", arity = "0..*")
  List<String> names = new ArrayList<>();

  @Option(names = "--count", paramLabel = "N")
  Optional<Integer> count = Optional.empty();

  @Option(names = "--seconds", paramLabel = "S")
  int seconds = 10;

  @Option(names = "--rest", paramLabel = "S")
  int rest = 60;

  @Option(names = "--rounds", paramLabel = "N")
  int rounds = 2;

  @Option(names = "--only", paramLabel = "ROW", arity = "1..*")
  List<String> only = new ArrayList<>();

  @Option(names = "--no-peer")
  boolean alone;

  @Option(names = "--profile", paramLabel = "DIR")
  Optional<Path> profile = Optional.empty();

  @Option(names = "--work", paramLabel = "DIR")
  Path work = Path.of(System.getProperty("java.io.tmpdir"));

  public static void main(String[] arguments) {
    var interruption = Interruption.ofThisThread();
    int status =
        new CommandLine(new Bench()).setParameterExceptionHandler(Bench::refuse).execute(arguments);
    interruption.over();
    System.exit(status);
  }

  private static int refuse(ParameterException e, String[] arguments) {
    System.err.println("bench: " + e.getMessage() + "; see './nacelle bench --help'");
    return 2;
  }

  @Override
  public Integer call() {
    if (!ALL.containsAll(names)) {
      System.err.println("bench: unknown name in " + names + "; choose of " + ALL);
      return 2;
    }
    List<String> rows = Stream.of(Teleport.ROWS, PeerReads.ROWS).flatMap(List::stream).toList();
    if (!rows.containsAll(only)) {
      System.err.println("bench: unknown row in " + only + "; choose of " + rows);
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

  /** Of the rows of one figure; all of them where nobody has chosen. */
  private List<String> chosen(List<String> rows) {
    return only.isEmpty() ? rows : only.stream().filter(rows::contains).toList();
  }

  private void measure(String name, Session session)
      throws IOException, InterruptedException, VerbException {
    switch (name) {
      case "up" -> UpTimes.run(session, count.orElse(5));
      case "pod-start" ->
          PodStart.run(
              session, count.orElse(100), alone ? PodStart.Peer.NONE : PodStart.Peer.BESIDE);
      case "starter" -> ContainerStarts.run(session, count.orElse(200));
      case "convert" -> Conversions.run(session, count.orElse(5));
      case "lazy" -> LazyFills.run(session, count.orElse(5));
      case "teleport" -> {
        List<String> rows = chosen(Teleport.ROWS);
        if (!rows.isEmpty()) {
          Teleport.run(session, rounds, rows);
        }
      }
      case "peers" -> {
        List<String> rows = chosen(PeerReads.ROWS);
        if (!rows.isEmpty()) {
          PeerReads.run(session, rows);
        }
      }
      case "api" -> ApiFigures.run(session, Duration.ofSeconds(seconds));
      case "memory" -> MemoryUse.run(session, Duration.ofSeconds(rest));
      default -> throw new IllegalArgumentException(name);
    }
  }
}
