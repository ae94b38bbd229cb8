package dev.nacelle.base.pki;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** The subject of a certificate: to Kubernetes, a user and the groups that it is in. */
public record SubjectName(String commonName, List<String> organizations) {
  public SubjectName {
    organizations = List.copyOf(organizations);
  }

  public static SubjectName of(String commonName, String... organizations) {
    return new SubjectName(commonName, List.of(organizations));
  }

  /** Reads the subject of a certificate; the common name is empty where there is none. */
  public static SubjectName of(X509Certificate certificate) {
    return parse(certificate.getSubjectX500Principal().getName());
  }

  /** Reads a name in the notation of RFC 2253. */
  static SubjectName parse(String name) {
    String commonName = "";
    var organizations = new ArrayList<String>();
    try {
      for (Rdn rdn : new LdapName(name).getRdns()) {
        var values = rdn.toAttributes().getAll();
        while (values.hasMoreElements()) {
          var attribute = (javax.naming.directory.Attribute) values.nextElement();
          for (int i = 0; i < attribute.size(); i++) {
            if (attribute.get(i) instanceof String value) {
              if (attribute.getID().equalsIgnoreCase("CN")) {
                commonName = value;
              } else if (attribute.getID().equalsIgnoreCase("O")) {
                organizations.add(value);
              }
            }
          }
        }
      }
    } catch (javax.naming.NamingException e) {
      throw new IllegalArgumentException("not a distinguished name: " + name, e);
    }
    return new SubjectName(commonName, organizations);
  }
}
