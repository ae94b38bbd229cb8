package dev.nacelle.base.http;

/** What a server answered to a request for another protocol. */
public sealed interface UpgradeAnswer {
  /** It agreed, and the connection is the caller's to close. */
  record Switched(Headers headers, DuplexStream stream) implements UpgradeAnswer {}

  /** It answered like any other request. */
  record Refused(HttpResponse response) implements UpgradeAnswer {}
}
