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
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/** What signing requests do beyond their schema: they say who asked, and that never changes. */
final class CertificateSigningRequestHooks implements KindHooks {
  private static final int LEAST_SECONDS = 600;
  private static final List<String> USAGES =
      List.of(
          "any",
          "cert sign",
          "client auth",
          "code signing",
          "content commitment",
          "crl sign",
          "data encipherment",
          "decipher only",
          "digital signature",
          "email protection",
          "encipher only",
          "ipsec end system",
          "ipsec tunnel",
          "ipsec user",
          "key agreement",
          "key encipherment",
          "microsoft sgc",
          "netscape sgc",
          "ocsp signing",
          "s/mime",
          "server auth",
          "signing",
          "timestamping");

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

  /** A signer writes the certificate; it cannot decide. */
  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "spec");
    JsonArray before = old.status().array("conditions");
    JsonArray conditions =
        RequestConditions.dated(
            RequestConditions.withOldDecisions(kept.status().array("conditions"), before),
            before,
            context.now());
    return conditions.isEmpty()
        ? kept
        : kept.withStatus(kept.status().with("conditions", conditions));
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(object.spec(), "spec", errors);
    request(spec);
    usages(spec);
    signer(spec);
    if (object.spec().integer("expirationSeconds").orElse(LEAST_SECONDS) < LEAST_SECONDS) {
      spec.invalid(
          "expirationSeconds", "may not specify a duration less than 600 seconds (10 minutes)");
    }
    return errors;
  }

  @Override
  public List<FieldError> validateStatusUpdate(Context context, KubeObject object, KubeObject old) {
    List<FieldError> errors =
        RequestConditions.faults(object, old, RequestConditions.Writer.SIGNER);
    String before = old.status().string("certificate").orElse("");
    Check status = Check.of(object.status(), "status", errors);
    if (!before.equals(status.text("certificate"))) {
      if (!before.isEmpty()) {
        status.forbidden("certificate", "updates may not modify existing certificate content");
      }
      certificate(status);
    }
    return errors;
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.isEmpty() ? Set.of(List.of("spec"), List.of("status")) : SPEC_FIELDS;
  }

  private static void request(Check spec) {
    try {
      SigningRequest.read(decoded(spec.text("request")));
    } catch (CertificateException e) {
      spec.invalid("request", String.valueOf(e.getMessage()));
    }
  }

  private static void certificate(Check status) {
    String encoded = status.text("certificate");
    if (encoded.isEmpty()) {
      return;
    }
    try {
      Pem.certificates(decoded(encoded));
    } catch (CertificateException e) {
      status
          .errors()
          .add(
              FieldError.invalid(
                  status.at("certificate"),
                  Json.of("<certificate data>"),
                  String.valueOf(e.getMessage())));
    }
  }

  private static String decoded(String base64) throws CertificateException {
    try {
      return new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.US_ASCII);
    } catch (IllegalArgumentException e) {
      throw new CertificateException("illegal base64 data", e);
    }
  }

  private static void usages(Check spec) {
    List<String> usages = spec.object().array("usages").strings().toList();
    if (usages.isEmpty()) {
      spec.required("usages", "");
    }
    for (int i = 0; i < usages.size(); i++) {
      String at = spec.at("usages") + "[" + i + "]";
      Json usage = Json.of(usages.get(i));
      if (!USAGES.contains(usages.get(i))) {
        spec.errors().add(FieldError.notSupported(at, usage, USAGES));
      }
      if (usages.subList(0, i).contains(usages.get(i))) {
        spec.errors().add(FieldError.duplicate(at, usage));
      }
    }
  }

  private static void signer(Check spec) {
    String name = spec.text("signerName");
    int slash = name.indexOf('/');
    if (name.equals("kubernetes.io/legacy-unknown")) {
      spec.invalid("signerName", "the legacy signerName is not allowed via this API version");
    } else if (name.isEmpty()) {
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
