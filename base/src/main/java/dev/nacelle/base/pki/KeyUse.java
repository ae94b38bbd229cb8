package dev.nacelle.base.pki;

/** What a certificate may be used for (extended key usage). */
public enum KeyUse {
  SERVER_AUTH("1.3.6.1.5.5.7.3.1"),
  CLIENT_AUTH("1.3.6.1.5.5.7.3.2");

  private final String oid;

  KeyUse(String oid) {
    this.oid = oid;
  }

  String oid() {
    return oid;
  }
}
