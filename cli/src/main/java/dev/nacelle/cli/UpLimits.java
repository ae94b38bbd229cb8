package dev.nacelle.cli;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Within what the options of {@code up} must lie. Pure. */
final class UpLimits {
  private static final int MAX_PORT = 65_535;
  private static final Pattern RANGE = Pattern.compile("(\\d{1,5})-(\\d{1,5})");

  private UpLimits() {}

  /** Refuses options that are out of their limits, as wrong usage of {@code command}. */
  static void require(UpOptions options, CommandLine command) {
    Optional<String> fault = fault(options);
    if (fault.isPresent()) {
      throw new ParameterException(command, fault.get());
    }
  }

  /** What is wrong with the first option that is out of its limits. */
  static Optional<String> fault(UpOptions options) {
    return Stream.of(
            parts(options),
            within("--port", options.port, 1, MAX_PORT),
            atLeast("--max-pods", options.maxPods, 1),
            ports(options.nodePorts),
            atLeast("--audit-log-maxsize", options.auditLogSize, 1),
            atLeast("--audit-log-maxbackup", options.auditLogBackups, 0),
            atLeast("--audit-log-maxage", options.auditLogAge, 0))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> parts(UpOptions options) {
    return options.parts.stream()
        .filter(part -> !UpOptions.PARTS.contains(part))
        .findFirst()
        .map(
            part ->
                "unknown part '" + part + "': choose from " + String.join(", ", UpOptions.PARTS));
  }

  private static Optional<String> within(String option, int value, int least, int most) {
    return value < least || value > most
        ? fault(option, Integer.toString(value), least + " to " + most)
        : Optional.empty();
  }

  private static Optional<String> atLeast(String option, int value, int least) {
    return value < least
        ? fault(option, Integer.toString(value), least + " or more")
        : Optional.empty();
  }

  private static Optional<String> ports(String range) {
    Matcher ends = RANGE.matcher(range);
    if (ends.matches()) {
      int first = Integer.parseInt(ends.group(1));
      int last = Integer.parseInt(ends.group(2));
      if (first >= 1 && first <= last && last <= MAX_PORT) {
        return Optional.empty();
      }
    }
    return fault(
        "--service-node-port-range", range, "A-B with A not above B, both 1 to " + MAX_PORT);
  }

  private static Optional<String> fault(String option, String value, String want) {
    return Optional.of("cannot use " + option + "=" + value + ": want " + want);
  }
}
