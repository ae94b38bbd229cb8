package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;

/** Refuses what the authorizer does not allow. */
public final class Gate {
  private final Authorizer authorizer;

  public Gate(Authorizer authorizer) {
    this.authorizer = authorizer;
  }

  /**
   * @throws ApiException with code 403 and upstream's words unless it is allowed
   */
  public void require(RequestContext context, String verb, Target target) {
    Attributes attributes = target.attributes(context.identity(), verb);
    Decision decision = authorizer.authorize(attributes);
    context.audit().decided(decision);
    if (!(decision instanceof Decision.Allow)) {
      throw ApiException.forbidden(target.type(), target.name(), words(attributes, decision));
    }
  }

  /** As the other, for a path that is no resource. */
  public void requirePath(RequestContext context, String method, String path) {
    var attributes = new Attributes(context.identity(), method, new Attributes.Path(path));
    Decision decision = authorizer.authorize(attributes);
    context.audit().decided(decision);
    if (!(decision instanceof Decision.Allow)) {
      throw new ApiException(
          new Status(
              403, "Forbidden", "forbidden: " + words(attributes, decision), Status.Details.NONE));
    }
  }

  public boolean allows(Attributes attributes) {
    return authorizer.authorize(attributes) instanceof Decision.Allow;
  }

  private static String words(Attributes attributes, Decision decision) {
    return decision.reason().isEmpty()
        ? attributes.refusal()
        : attributes.refusal() + ": " + decision.reason();
  }
}
