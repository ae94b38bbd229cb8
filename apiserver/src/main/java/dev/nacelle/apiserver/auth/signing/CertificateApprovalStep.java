package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.Refusals;

/**
 * Lets only those approve or deny a certificate request who hold the verb {@code approve} for its
 * signer.
 */
public final class CertificateApprovalStep implements ValidatingStep {
  private final SignerRights rights;

  public CertificateApprovalStep(Authorizer authorizer) {
    this.rights = new SignerRights(authorizer);
  }

  @Override
  public String name() {
    return "CertificateApproval";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (request.operation() != Operation.UPDATE
        || !request.subresource().equals("approval")
        || !request.isFor("certificates.k8s.io", "certificatesigningrequests")) {
      return;
    }
    String signer = request.old().orElseThrow().spec().string("signerName").orElse("");
    if (!rights.has(request.identity(), "approve", signer)) {
      throw Refusals.forbidden(
          request, "user not permitted to approve requests with signerName \"" + signer + "\"");
    }
  }
}
