package dev.nacelle.runtime;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A further process of a container; it gets the container's user, environment, working directory,
 * capabilities and cgroup.
 */
public record ExecRequest(List<String> argv, Set<Stdio> stdio, Optional<TerminalSize> size) {
  public ExecRequest {
    argv = List.copyOf(argv);
    stdio = Set.copyOf(stdio);
    if (argv.isEmpty() || argv.getFirst().isEmpty()) {
      throw new IllegalArgumentException("cannot execute an empty command");
    }
  }

  public static ExecRequest of(List<String> argv, Set<Stdio> stdio) {
    return new ExecRequest(argv, stdio, Optional.empty());
  }
}
