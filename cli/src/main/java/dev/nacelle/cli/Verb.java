package dev.nacelle.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What all verbs have: the command line they belong to, and {@code --help}. */
@SuppressWarnings("NullAway.Init") // picocli sets the fields
abstract class Verb implements Callable<Integer> {
  @ParentCommand Cli cli;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "show this help")
  boolean help;
}

/** A verb on an instance. */
abstract class InstanceVerb extends Verb {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "data directory of the instance (default: ${DEFAULT-VALUE})")
  Path data = Path.of(UpOptions.DEFAULT_DATA);
}
