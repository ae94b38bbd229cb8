package dev.nacelle.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code nacelle up}. */
@Command(
    name = "up",
    description = {
      "Start the platform and return when its API is ready and its node is Ready.",
      "A second 'up' on a running instance says so and succeeds."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class UpVerb extends Verb {
  @Mixin UpOptions options = new UpOptions();
  @Spec CommandSpec spec;

  @Override
  public Integer call() throws VerbException {
    ConfigFile.merge(options, spec);
    UpLimits.require(options, spec.commandLine());
    try (Report report = Report.open(cli)) {
      return cli.host.run(options, report);
    }
  }

  /** Where the start is told: to the launcher that waits, or to the terminal. */
  private static final class Report implements Host.StartReport, AutoCloseable {
    private final Cli cli;
    private final Optional<PrintStream> launcher;

    private Report(Cli cli, Optional<PrintStream> launcher) {
      this.cli = cli;
      this.launcher = launcher;
    }

    static Report open(Cli cli) throws VerbException {
      Optional<Path> pipe = Optional.ofNullable(System.getenv("NACELLE_REPORT")).map(Path::of);
      if (pipe.isEmpty()) {
        return new Report(cli, Optional.empty());
      }
      try {
        return new Report(
            cli,
            Optional.of(
                new PrintStream(Files.newOutputStream(pipe.get()), true, StandardCharsets.UTF_8)));
      } catch (IOException e) {
        throw new VerbException("cannot report to " + pipe.get() + ": " + e.getMessage());
      }
    }

    @Override
    public void line(String text) {
      launcher.orElse(cli.out).println(text);
    }

    @Override
    public void error(String text) {
      launcher.orElse(cli.err).println("nacelle: " + text);
    }

    @Override
    public void finished(int exitCode) {
      launcher.ifPresent(
          stream -> {
            stream.println("exit " + exitCode);
            stream.close();
          });
    }

    @Override
    public void close() {
      launcher.ifPresent(PrintStream::close);
    }
  }
}
