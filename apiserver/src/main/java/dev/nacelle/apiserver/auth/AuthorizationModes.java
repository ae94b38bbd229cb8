package dev.nacelle.apiserver.auth;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** The authorizers that {@code --authorization-mode} names, in its order. */
public final class AuthorizationModes {
  private static final List<String> ALL = List.of("*");
  private static final List<String> KNOWN = List.of("AlwaysAllow", "AlwaysDeny", "Node", "RBAC");

  private AuthorizationModes() {}

  /**
   * One authorizer of all that are named; members of {@code system:masters} are always allowed.
   *
   * @throws IllegalArgumentException for an unknown mode, a repeated one, or none
   */
  public static Authorizer of(List<String> modes, Authorizer node, Authorizer rbac) {
    if (modes.isEmpty()) {
      throw new IllegalArgumentException(
          "cannot use --authorization-mode: name at least one of " + String.join(", ", KNOWN));
    }
    if (new HashSet<>(modes).size() != modes.size()) {
      throw new IllegalArgumentException(
          "cannot use --authorization-mode=" + String.join(",", modes) + ": a mode is repeated");
    }
    var inTurn = new ArrayList<Authorizer>();
    inTurn.add(new Constant(new Decision.Allow(""), Constant.For.MASTERS));
    for (String mode : modes) {
      inTurn.add(
          switch (mode) {
            case "AlwaysAllow" -> new Constant(new Decision.Allow(""), Constant.For.EVERYBODY);
            case "AlwaysDeny" ->
                new Constant(
                    new Decision.NoOpinion("Everything is forbidden."), Constant.For.EVERYBODY);
            case "Node" -> node;
            case "RBAC" -> rbac;
            case "ABAC", "Webhook" ->
                throw new IllegalArgumentException(
                    "cannot use --authorization-mode="
                        + mode
                        + ": kube-apiserver has this mode, Nacelle has not yet; the modes are "
                        + String.join(", ", KNOWN));
            default ->
                throw new IllegalArgumentException(
                    "cannot use --authorization-mode="
                        + mode
                        + ": the modes are "
                        + String.join(", ", KNOWN));
          });
    }
    return Authorizer.firstOf(inTurn);
  }

  /** Says the same of everything. */
  private record Constant(Decision decision, For whom) implements Authorizer {
    private enum For {
      MASTERS,
      EVERYBODY
    }

    private boolean concerns(Identity identity) {
      return whom == For.EVERYBODY || identity.isIn(Identity.MASTERS);
    }

    @Override
    public Decision authorize(Attributes attributes) {
      return concerns(attributes.identity()) ? decision : Decision.NO_OPINION;
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return whom == For.EVERYBODY && decision instanceof Decision.Allow
          ? new Rules(
              List.of(new ResourceRule(ALL, ALL, ALL, List.of())),
              List.of(new PathRule(ALL, ALL)),
              "")
          : new Rules(List.of(), List.of(), "");
    }
  }
}
