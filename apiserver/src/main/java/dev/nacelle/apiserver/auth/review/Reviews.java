package dev.nacelle.apiserver.auth.review;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.auth.token.BearerAuthenticator;
import dev.nacelle.apiserver.auth.token.TokenSource;
import dev.nacelle.apiserver.extension.Responder;
import dev.nacelle.apiserver.extension.Responder.Request;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;

/** The responders of groups authentication.k8s.io and authorization.k8s.io. */
public final class Reviews {
  private Reviews() {}

  /** All of them, by the names under which the API server takes them. */
  public static Map<String, Responder> of(
      Authorizer authorizer, BearerAuthenticator bearers, InstantSource clock) {
    var access = new AccessReviews(authorizer);
    return Map.of(
        "selfsubjectaccessreviews.authorization.k8s.io", access::self,
        "subjectaccessreviews.authorization.k8s.io", access::subject,
        "localsubjectaccessreviews.authorization.k8s.io", access::local,
        "selfsubjectrulesreviews.authorization.k8s.io", access::rules,
        "selfsubjectreviews.authentication.k8s.io", request -> whoIs(request, clock),
        "tokenreviews.authentication.k8s.io", request -> token(request, bearers));
  }

  private static KubeObject whoIs(Request request, InstantSource clock) {
    JsonObject status =
        JsonObject.builder().put("userInfo", UserInfo.of(request.identity())).build();
    return request
        .body()
        .withMetadata("creationTimestamp", Json.of(KubeObject.formatTime(clock.instant())))
        .withStatus(status);
  }

  private static KubeObject token(Request request, BearerAuthenticator bearers) {
    JsonObject spec = request.body().spec();
    String token = spec.string("token").orElse("");
    if (token.isEmpty()) {
      throw ApiException.badRequest("token is required for TokenReview in authentication");
    }
    Set<String> asked = Set.copyOf(spec.array("audiences").strings().toList());
    JsonObject.Builder status = JsonObject.builder();
    try {
      TokenSource.Accepted accepted =
          bearers.verify(token, asked.isEmpty() ? bearers.audiences() : asked);
      status
          .put("authenticated", true)
          .put("user", UserInfo.of(accepted.identity()))
          .put("audiences", JsonArray.ofStrings(accepted.audiences()));
    } catch (InvalidCredentialsException e) {
      status.put("user", JsonObject.EMPTY).put("error", String.valueOf(e.getMessage()));
    }
    return request.body().withStatus(status.build());
  }
}
