package dev.nacelle.cli;

import dev.nacelle.api.object.Quantity;
import java.util.List;
import java.util.Map;
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

  private static final String A_SIZE = "bytes as Kubernetes has them, such as 50Gi";

  private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  private static final Pattern PREFIX = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
  private static final Pattern ORIGIN =
      Pattern.compile("https?://[A-Za-z0-9.\\-]+(?::\\d{1,5})?(?:/" + COMPONENT + ")*/?");

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
            atLeast("--audit-log-maxage", options.auditLogAge, 0),
            options.registryPort.flatMap(port -> within("--registry-port", port, 1, MAX_PORT)),
            peers(options),
            size("--image-quota", options.imageQuota),
            size("--registry-quota", options.registryQuota),
            size("--registry-namespace-quota", options.registryNamespaceQuota),
            untagged(options.registryUntagged),
            proxies(options.registryProxies),
            atLeast("--registry-proxy-keep", options.registryProxyKeep, 1))
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

  private static Optional<String> peers(UpOptions options) {
    if (!options.peerUrls.isEmpty() && (options.noPeers || options.peerTokenFile.isEmpty())) {
      return Optional.of("cannot use --peer: want --peer-token-file, and not --no-peers");
    }
    return options.peerUrls.stream()
        .filter(url -> !url.matches("https://[^/?#@]+"))
        .findFirst()
        .flatMap(url -> fault("--peer", url, "https://HOST:PORT"));
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

  private static Optional<String> size(String option, Optional<String> value) {
    return value.filter(text -> !isSize(text)).flatMap(text -> fault(option, text, A_SIZE));
  }

  private static boolean isSize(String text) {
    try {
      return Quantity.parse(text).units() >= 1;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static Optional<String> untagged(String value) {
    return List.of("keep", "collect").contains(value)
        ? Optional.empty()
        : fault("--registry-untagged", value, "keep or collect");
  }

  private static Optional<String> proxies(Map<String, String> proxies) {
    return proxies.entrySet().stream()
        .filter(
            proxy ->
                !PREFIX.matcher(proxy.getKey()).matches()
                    || !ORIGIN.matcher(proxy.getValue()).matches())
        .findFirst()
        .flatMap(
            proxy ->
                fault(
                    "--registry-proxy",
                    proxy.getKey() + "=" + proxy.getValue(),
                    "PREFIX=http[s]://HOST[:PORT][/PATH], all but the scheme as in the names of"
                        + " images"));
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
