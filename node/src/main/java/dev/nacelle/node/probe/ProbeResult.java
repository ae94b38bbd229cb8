package dev.nacelle.node.probe;

/** What one try of a probe came to. */
public sealed interface ProbeResult {
  ProbeResult PASSED = new Passed();

  record Passed() implements ProbeResult {}

  /**
   * @param output in the kubelet's words
   */
  record Failed(String output) implements ProbeResult {}

  /**
   * Nothing listens: a failure that the container did not notice.
   *
   * @param output in the kubelet's words
   */
  record Refused(String output) implements ProbeResult {}

  /** The try itself could not be made: it says nothing of the container and does not count. */
  record Unknown(String why) implements ProbeResult {}
}
