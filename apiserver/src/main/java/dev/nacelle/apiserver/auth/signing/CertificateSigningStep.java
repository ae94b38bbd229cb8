package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.Refusals;

/**
 * Lets only those write the certificate or the conditions of a request who hold the verb {@code
 * sign} for its signer.
 */
public final class CertificateSigningStep implements ValidatingStep {
  private final SignerRights rights;

  public CertificateSigningStep(Authorizer authorizer) {
    this.rights = new SignerRights(authorizer);
  }

  @Override
  public String name() {
    return "CertificateSigning";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (request.operation() != Operation.UPDATE
        || !request.subresource().equals("status")
        || !request.isFor("certificates.k8s.io", "certificatesigningrequests")) {
      return;
    }
    KubeObject old = request.old().orElseThrow();
    KubeObject object = request.object().orElseThrow();
    boolean sameCertificate =
        old.status()
            .string("certificate")
            .orElse("")
            .equals(object.status().string("certificate").orElse(""));
    if (sameCertificate
        && old.status().array("conditions").equals(object.status().array("conditions"))) {
      return;
    }
    String signer = old.spec().string("signerName").orElse("");
    if (!rights.has(request.identity(), "sign", signer)) {
      throw Refusals.forbidden(
          request, "user not permitted to sign requests with signerName \"" + signer + "\"");
    }
  }
}
