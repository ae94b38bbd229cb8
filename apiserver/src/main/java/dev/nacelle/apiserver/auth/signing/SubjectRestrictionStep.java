package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.Refusals;
import dev.nacelle.base.pki.SigningRequest;
import java.security.cert.CertificateException;

/** Refuses requests to make somebody a member of {@code system:masters}: who approves may err. */
public final class SubjectRestrictionStep implements ValidatingStep {

  @Override
  public String name() {
    return "CertificateSubjectRestriction";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (request.operation() != Operation.CREATE
        || !request.subresource().isEmpty()
        || !request.isFor("certificates.k8s.io", "certificatesigningrequests")) {
      return;
    }
    KubeObject object = request.object().orElseThrow();
    String signer = object.spec().string("signerName").orElse("");
    if (!signer.equals(Signer.API_CLIENT.signerName())) {
      return;
    }
    SigningRequest asked;
    try {
      asked = CertificateSigning.request(object);
    } catch (CertificateException e) {
      throw Refusals.forbidden(request, "failed to parse CSR: " + e.getMessage());
    }
    if (asked.subject().organizations().contains(Identity.MASTERS)) {
      throw Refusals.forbidden(
          request, "use of " + signer + " signer with system:masters group is not allowed");
    }
  }
}
