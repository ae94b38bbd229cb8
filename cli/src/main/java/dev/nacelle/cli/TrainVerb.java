package dev.nacelle.cli;

import picocli.CommandLine.Command;

/** Runs each part once, so that the launcher can make a start-up cache of it. */
@Command(name = "train", hidden = true, description = "Run each part once for the start-up cache.")
final class TrainVerb extends Verb {
  @Override
  public Integer call() {
    return cli.host.train();
  }
}
