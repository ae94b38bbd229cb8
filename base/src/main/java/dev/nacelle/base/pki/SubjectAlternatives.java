package dev.nacelle.base.pki;

import java.net.InetAddress;
import java.util.List;

/**
 * The names that a certificate speaks for beside its subject: hosts and addresses of a server,
 * rarely mail addresses and URIs.
 */
public record SubjectAlternatives(
    List<String> dnsNames, List<InetAddress> addresses, List<String> emails, List<String> uris) {
  public static final SubjectAlternatives NONE = new SubjectAlternatives(List.of(), List.of());

  public SubjectAlternatives {
    dnsNames = List.copyOf(dnsNames);
    addresses = List.copyOf(addresses);
    emails = List.copyOf(emails);
    uris = List.copyOf(uris);
  }

  public SubjectAlternatives(List<String> dnsNames, List<InetAddress> addresses) {
    this(dnsNames, addresses, List.of(), List.of());
  }

  public boolean isEmpty() {
    return dnsNames.isEmpty() && addresses.isEmpty() && emails.isEmpty() && uris.isEmpty();
  }
}
