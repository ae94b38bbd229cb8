package dev.nacelle.cli;

import picocli.CommandLine.Command;

/** {@code nacelle version}. */
@Command(name = "version", description = "Print the version.")
final class VersionVerb extends Verb {
  @Override
  public Integer call() {
    cli.out.println("nacelle " + version());
    return 0;
  }

  static String version() {
    String version = VersionVerb.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0-SNAPSHOT" : version;
  }
}
