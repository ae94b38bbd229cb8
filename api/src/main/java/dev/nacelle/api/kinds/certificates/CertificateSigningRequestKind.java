package dev.nacelle.api.kinds.certificates;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.HumanDuration;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** A request for a certificate. */
public final class CertificateSigningRequestKind {
  public static final ResourceDefinition DEFINITION =
      Kind.of(
              "io.k8s.api.certificates.v1.CertificateSigningRequest",
              "certificates.k8s.io/v1",
              "CertificateSigningRequest",
              "certificatesigningrequests",
              "csr")
          .clusterScoped()
          .subresource("approval", "get", "patch", "update")
          .status()
          .columns(
              Cells.NAME,
              Cells.AGE,
              Cells.text("SignerName", r -> Cells.orNone(r.spec().string("signerName").orElse("")))
                  .describedAs("Who is asked to sign."),
              Cells.text("Requestor", r -> r.spec().string("username").orElse(""))
                  .describedAs("Who asks."),
              Cells.text("RequestedDuration", CertificateSigningRequestKind::duration)
                  .describedAs("How long the certificate should be valid."),
              Cells.text("Condition", CertificateSigningRequestKind::state)
                  .describedAs("What has become of it."))
          .selectable("spec.signerName")
          .hooks(new CertificateSigningRequestHooks())
          .build();

  private CertificateSigningRequestKind() {}

  /**
   * The update that the approval subresource makes of what was sent to it: the conditions are taken
   * over and dated, nothing else.
   */
  public static KubeObject approved(KubeObject sent, KubeObject old, Instant now) {
    return new KubeObject(
        old.json()
            .withAt(
                RequestConditions.dated(
                    sent.status().array("conditions"), old.status().array("conditions"), now),
                "status",
                "conditions"));
  }

  /** What is wrong with such an update. */
  public static List<FieldError> approvalFaults(KubeObject object, KubeObject old) {
    return RequestConditions.faults(object, old, RequestConditions.Writer.APPROVER);
  }

  private static String duration(KubeObject request) {
    OptionalLong seconds = request.spec().integer("expirationSeconds");
    return seconds.isPresent()
        ? HumanDuration.of(Duration.ofSeconds(seconds.getAsLong()))
        : Cells.NONE;
  }

  private static String state(KubeObject request) {
    var words = new ArrayList<String>();
    for (String type : new String[] {"Approved", "Denied", "Failed"}) {
      Cells.condition(request.status().array("conditions"), type).ifPresent(c -> words.add(type));
    }
    boolean denied = words.contains("Denied");
    if (denied) {
      words.remove("Approved");
    }
    if (words.isEmpty() || (words.size() == 1 && words.contains("Failed"))) {
      words.addFirst("Pending");
    }
    if (!request.status().string("certificate").orElse("").isEmpty()) {
      words.add("Issued");
    }
    return String.join(",", words);
  }
}
