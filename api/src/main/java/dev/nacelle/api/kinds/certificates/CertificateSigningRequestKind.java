package dev.nacelle.api.kinds.certificates;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.HumanDuration;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
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
   *
   * @throws dev.nacelle.api.status.ApiException 422 if the conditions are not valid
   */
  public static KubeObject approve(KubeObject sent, KubeObject old, Instant now) {
    var conditions =
        new JsonArray(
            sent.status().array("conditions").objects().map(c -> (Json) dated(c, now)).toList());
    var errors = new ArrayList<FieldError>();
    JsonObject status = old.status().with("conditions", conditions);
    conditionFaults(Check.of(status, "status", errors));
    if (!errors.isEmpty()) {
      throw ApiException.invalid(old.groupVersionKind(), old.name(), errors);
    }
    return old.withStatus(status);
  }

  /** A condition with its times and status filled in. */
  static JsonObject dated(JsonObject condition, Instant now) {
    Json time = Json.of(KubeObject.formatTime(now));
    return Edit.of(condition)
        .text("status", "True")
        .absent("lastUpdateTime", time)
        .absent("lastTransitionTime", time)
        .done();
  }

  /** Decisions are true, and there is one at most. */
  static void conditionFaults(Check status) {
    status.unique("conditions", "type");
    status.each(
        "conditions",
        (item, at) -> {
          Check condition = Check.of(item, at, status.errors());
          condition.needs("type");
          if (List.of("Approved", "Denied", "Failed").contains(condition.text("type"))) {
            condition.optionalOneOf("status", "True");
          } else {
            condition.oneOf("status", "True", "False", "Unknown");
          }
        });
    JsonArray conditions = status.object().array("conditions");
    if (Cells.condition(conditions, "Approved").isPresent()
        && Cells.condition(conditions, "Denied").isPresent()) {
      status.invalid("conditions", "Approved and Denied conditions are mutually exclusive");
    }
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
