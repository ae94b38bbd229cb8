package dev.nacelle.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
    name = "nacelle",
    description =
        "An open, self-hosted serverless container platform that speaks the Kubernetes API.",
    synopsisSubcommandLabel = "VERB",
    subcommands = {
      UpVerb.class,
      DownVerb.class,
      StatusVerb.class,
      DemoVerb.class,
      KubeconfigVerb.class,
      TokenVerb.class,
      DoctorVerb.class,
      ImageVerbs.class,
      VersionVerb.class,
      TrainVerb.class,
      CommandLine.HelpCommand.class
    },
    footer = {
      "",
      "Also, by the launcher itself:",
      "  bench         Run the benchmarks.",
      "  test          Build with the static checks and run the tests.",
      "  --no-install  Never install Debian packages, say what is missing instead."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class Cli implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  boolean help;

  final Host host;
  final PrintStream out;
  final PrintStream err;

  private Cli(Host host, PrintStream out, PrintStream err) {
    this.host = host;
    this.out = out;
    this.err = err;
  }

  /** Runs one command line and gives its exit code. */
  public static int run(Host host, PrintStream out, PrintStream err, String... arguments) {
    var cli = new Cli(host, out, err);
    var line =
        new CommandLine(cli)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(Cli::refused)
            .setExecutionExceptionHandler(Cli::failed)
            .setExitCodeExceptionMapper(e -> 1);
    return line.execute(arguments);
  }

  private static int refused(ParameterException e, String[] arguments) {
    CommandLine line = e.getCommandLine();
    line.getErr().println("nacelle: " + words(e));
    line.getErr().println("try '" + line.getCommandSpec().qualifiedName() + " --help'");
    return 2;
  }

  private static String words(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      String first = unmatched.getUnmatched().getFirst();
      String what =
          first.startsWith("-")
              ? "option"
              : e.getCommandLine().getParent() == null ? "verb" : "argument";
      return "unknown " + what + " '" + first + "'";
    }
    String message = String.valueOf(e.getMessage());
    return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
  }

  private static int failed(Exception e, CommandLine line, CommandLine.ParseResult parsed)
      throws Exception {
    if (e instanceof VerbException verb) {
      line.getErr().println("nacelle: " + e.getMessage());
      return verb.exitCode();
    }
    if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return 1;
    }
    throw e;
  }

  @Override
  public void run() {
    spec.commandLine().usage(out);
  }

  /** Lines for the user on the two streams. */
  Host.Output output() {
    return new Host.Output() {
      @Override
      public void line(String text) {
        out.println(text);
      }

      @Override
      public void error(String text) {
        err.println("nacelle: " + text);
      }
    };
  }
}
