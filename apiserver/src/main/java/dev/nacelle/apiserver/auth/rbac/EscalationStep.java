package dev.nacelle.apiserver.auth.rbac;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.Refusals;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Keeps people from granting what they do not hold: writes of roles need the rules or the verb
 * {@code escalate}, writes of bindings need the role's rules or the verb {@code bind}.
 */
public final class EscalationStep implements ValidatingStep {
  private static final String GROUP = "rbac.authorization.k8s.io";
  private static final List<String> ALL = List.of("*");
  private static final List<PolicyRule> EVERYTHING =
      List.of(
          new PolicyRule(ALL, ALL, ALL, List.of(), List.of()),
          new PolicyRule(ALL, List.of(), List.of(), List.of(), ALL));

  private final RbacAuthorizer rbac;
  private final Authorizer authorizer;

  /**
   * @param authorizer the whole one, which may know more than roles
   */
  public EscalationStep(RbacAuthorizer rbac, Authorizer authorizer) {
    this.rbac = rbac;
    this.authorizer = authorizer;
  }

  @Override
  public String name() {
    return "RBACEscalation";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (!request.definition().group().equals(GROUP)
        || (request.operation() != Operation.CREATE && request.operation() != Operation.UPDATE)
        || request.identity().isIn(Identity.MASTERS)) {
      return;
    }
    KubeObject object = request.object().orElseThrow();
    switch (request.definition().names().plural()) {
      case "roles", "clusterroles" -> role(request, object);
      case "rolebindings", "clusterrolebindings" -> binding(request, object);
      default -> {
        // other resources of the group grant nothing
      }
    }
  }

  private void role(AdmissionRequest request, KubeObject role) {
    if (isUnchanged(request, role, "rules") && isUnchanged(request, role, "aggregationRule")) {
      return;
    }
    String resource = request.definition().names().plural();
    if (may(request, "escalate", resource, role.namespace(), role.name())) {
      return;
    }
    if (role.json().has("aggregationRule")
        && !Coverage.missing(rbac.heldBy(request.identity(), ""), EVERYTHING).isEmpty()) {
      throw Refusals.forbidden(
          request,
          "must have cluster-admin privileges to use an aggregationRule: "
              + refusal(request.identity(), EVERYTHING));
    }
    require(request, role.namespace(), PolicyRule.of(role));
  }

  private void binding(AdmissionRequest request, KubeObject binding) {
    if (isUnchanged(request, binding, "roleRef") && isUnchanged(request, binding, "subjects")) {
      return;
    }
    ObjectKey role = Grants.roleOf(binding);
    String resource = role.namespace().isEmpty() ? "clusterroles" : "roles";
    if (may(request, "bind", resource, binding.namespace(), role.name())) {
      return;
    }
    Optional<List<PolicyRule>> rules = rbac.rulesOf(role);
    if (rules.isEmpty()) {
      throw Refusals.forbidden(
          request,
          (role.namespace().isEmpty() ? "clusterrole" : "role")
              + ".rbac.authorization.k8s.io \""
              + role.name()
              + "\" not found");
    }
    require(request, binding.namespace(), rules.get());
  }

  private static boolean isUnchanged(AdmissionRequest request, KubeObject now, String field) {
    return request
        .old()
        .filter(old -> old.json().get(field).equals(now.json().get(field)))
        .isPresent();
  }

  private boolean may(
      AdmissionRequest request, String verb, String resource, String namespace, String name) {
    var target = new Attributes.Resource(GROUP, request.version(), resource, "", namespace, name);
    return authorizer.authorize(new Attributes(request.identity(), verb, target))
        instanceof Decision.Allow;
  }

  private void require(AdmissionRequest request, String namespace, List<PolicyRule> wanted) {
    List<PolicyRule> held = rbac.heldBy(request.identity(), namespace);
    List<PolicyRule> missing = Coverage.missing(held, wanted);
    if (!missing.isEmpty()) {
      throw Refusals.forbidden(request, refusal(request.identity(), missing));
    }
  }

  private static String refusal(Identity identity, List<PolicyRule> missing) {
    return "user \""
        + identity.user()
        + "\" (groups="
        + identity.groups().stream()
            .map(g -> '"' + g + '"')
            .collect(Collectors.joining(" ", "[", "]"))
        + ") is attempting to grant RBAC permissions not currently held:\n"
        + missing.stream().map(PolicyRule::toString).collect(Collectors.joining("\n"));
  }
}
