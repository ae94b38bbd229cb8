package dev.nacelle.app;

import dev.nacelle.cli.Cli;

/** The entry of the program. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    int code = Cli.run(new Application(), System.out, System.err, arguments);
    System.out.flush();
    // virtual threads do not keep the process, event loops may
    Runtime.getRuntime().exit(code);
  }
}
