package dev.nacelle.bench.platform;

import dev.nacelle.bench.report.Machine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/**
 * What every figure is given.
 *
 * @param root the repository with the launcher
 * @param work below which data directories are made
 * @param out where tables go
 */
public record Session(Path root, Path work, Machine machine, Profile profile, PrintStream out) {

  /** An instance that is not started yet. */
  public Instance instance() throws IOException {
    return Instance.in(root, work);
  }

  public void heading(String title) throws IOException, InterruptedException {
    machine.heading(title, out);
  }
}
