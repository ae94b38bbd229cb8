package dev.nacelle.cli;

import picocli.CommandLine.Command;

/** {@code nacelle doctor}. */
@Command(
    name = "doctor",
    description = {
      "Look at this host: for each kernel feature the best path, the fallback in use, and what is lost.",
      "Exit code 1 if the platform cannot run here."
    })
final class DoctorVerb extends InstanceVerb {
  @Override
  public Integer call() {
    return cli.host.doctor(data, cli.output());
  }
}
