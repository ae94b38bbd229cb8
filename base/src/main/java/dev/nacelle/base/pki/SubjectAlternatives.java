package dev.nacelle.base.pki;

import java.net.InetAddress;
import java.util.List;

/** The names and addresses that a server's certificate speaks for. */
public record SubjectAlternatives(List<String> dnsNames, List<InetAddress> addresses) {
  public static final SubjectAlternatives NONE = new SubjectAlternatives(List.of(), List.of());

  public SubjectAlternatives {
    dnsNames = List.copyOf(dnsNames);
    addresses = List.copyOf(addresses);
  }

  public boolean isEmpty() {
    return dnsNames.isEmpty() && addresses.isEmpty();
  }
}
