package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;

/**
 * Who may approve or sign for a signer: a right on the resource {@code signers} that is only ever
 * asked for, by the signer's name or by {@code DOMAIN/*}.
 */
final class SignerRights {
  private final Authorizer authorizer;

  SignerRights(Authorizer authorizer) {
    this.authorizer = authorizer;
  }

  /**
   * @param verb approve or sign
   */
  boolean has(Identity identity, String verb, String signerName) {
    String domain = signerName.split("/", 2)[0];
    return allows(identity, verb, signerName) || allows(identity, verb, domain + "/*");
  }

  private boolean allows(Identity identity, String verb, String name) {
    var signer = new Attributes.Resource("certificates.k8s.io", "*", "signers", "", "", name);
    return authorizer.authorize(new Attributes(identity, verb, signer)) instanceof Decision.Allow;
  }
}
