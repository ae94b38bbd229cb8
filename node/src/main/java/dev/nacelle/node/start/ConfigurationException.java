package dev.nacelle.node.start;

/**
 * A container cannot be started as it is specified: a missing ConfigMap, an unknown user, ... The
 * reason goes to the container's waiting state, the message is the kubelet's.
 */
public final class ConfigurationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  public ConfigurationException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** A reference that cannot be resolved. */
  public static ConfigurationException config(String message) {
    return new ConfigurationException("CreateContainerConfigError", message);
  }

  public String reason() {
    return reason;
  }
}
