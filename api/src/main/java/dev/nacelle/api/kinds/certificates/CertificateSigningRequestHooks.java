package dev.nacelle.api.kinds.certificates;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.NameRule;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** What signing requests do beyond their schema: they say who asked, and that never changes. */
final class CertificateSigningRequestHooks implements KindHooks {
  private static final int LEAST_SECONDS = 600;

  @Override
  public NameRule nameRule() {
    return NameRule.PATH_SEGMENT;
  }

  /** The requester is who asks, whatever the request says. */
  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    Identity identity = context.identity();
    Edit spec =
        Edit.of(object.spec())
            .remove("extra")
            .remove("uid")
            .set("username", Json.of(identity.user()))
            .set("groups", JsonArray.ofStrings(identity.groups()));
    if (!identity.uid().isEmpty()) {
      spec.set("uid", Json.of(identity.uid()));
    }
    if (!identity.extra().isEmpty()) {
      var extra = JsonObject.builder();
      identity.extra().forEach((key, values) -> extra.put(key, JsonArray.ofStrings(values)));
      spec.set("extra", extra.build());
    }
    return object.withSpec(spec.done()).withStatus(JsonObject.EMPTY);
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(KindHooks.restored(object, old, "spec"), old, "status");
  }

  /** A signer writes the certificate; it cannot approve. */
  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "spec");
    List<Json> conditions = new ArrayList<>(decisions(old));
    kept.status()
        .array("conditions")
        .objects()
        .filter(condition -> !isDecision(condition))
        .map(condition -> CertificateSigningRequestKind.dated(condition, context.now()))
        .forEach(conditions::add);
    return conditions.isEmpty()
        ? kept
        : kept.withStatus(kept.status().with("conditions", new JsonArray(conditions)));
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    request(spec);
    if (object.spec().array("usages").isEmpty()) {
      spec.required("usages", "usages is required");
    }
    signer(spec);
    if (object.spec().integer("expirationSeconds").orElse(LEAST_SECONDS) < LEAST_SECONDS) {
      spec.invalid(
          "expirationSeconds", "may not specify a duration less than 600 seconds (10 minutes)");
    }
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    String before = old.status().string("certificate").orElse("");
    Check status = Check.of(object.status(), "status", errors);
    if (!before.isEmpty() && !before.equals(status.text("certificate"))) {
      status.forbidden("certificate", "updates may not change certificate content");
    }
    CertificateSigningRequestKind.conditionFaults(status);
    return errors;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.isEmpty() ? Set.of(List.of("spec"), List.of("status")) : SPEC_FIELDS;
  }

  private static List<JsonObject> decisions(KubeObject request) {
    return request
        .status()
        .array("conditions")
        .objects()
        .filter(CertificateSigningRequestHooks::isDecision)
        .toList();
  }

  private static boolean isDecision(JsonObject condition) {
    String type = condition.string("type").orElse("");
    return type.equals("Approved") || type.equals("Denied");
  }

  private static void request(Check spec) {
    String pem = "";
    try {
      pem =
          new String(
              Base64.getMimeDecoder().decode(spec.text("request")), StandardCharsets.US_ASCII);
    } catch (IllegalArgumentException e) {
      spec.invalid("request", "illegal base64 data");
      return;
    }
    if (!pem.contains("-----BEGIN CERTIFICATE REQUEST-----")
        && !pem.contains("-----BEGIN NEW CERTIFICATE REQUEST-----")) {
      spec.invalid("request", "PEM block type must be CERTIFICATE REQUEST");
    }
  }

  private static void signer(Check spec) {
    String name = spec.text("signerName");
    int slash = name.indexOf('/');
    if (name.isEmpty()) {
      spec.required("signerName", "");
    } else if (slash <= 0 || slash == name.length() - 1) {
      spec.invalid(
          "signerName",
          "must be a fully qualified domain and path of the form 'example.com/signer-name'");
    } else {
      String domain = name.substring(0, slash);
      spec.matches("signerName", text -> Formats.dnsSubdomain(domain));
      if (!domain.contains(".")) {
        spec.invalid(
            "signerName", "should be a domain with at least two segments separated by dots");
      }
    }
  }
}
