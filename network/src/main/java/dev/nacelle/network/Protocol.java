package dev.nacelle.network;

/** Transport protocols of Services. */
public enum Protocol {
  TCP(6),
  UDP(17);

  private final int number;

  Protocol(int number) {
    this.number = number;
  }

  /** The protocol number of the IP header. */
  int number() {
    return number;
  }
}
