package dev.nacelle.api.schema;

import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/** Finds values whose JSON type a built-in kind cannot hold, as upstream's decoder would. Pure. */
public final class TypeCheck {
  private TypeCheck() {}

  /**
   * The message of the first wrong value: {@code json: cannot unmarshal string into Go struct field
   * DeploymentSpec.spec.replicas of type int32}.
   */
  public static Optional<String> firstError(JsonObject object, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }

  /**
   * @throws dev.nacelle.api.status.ApiException with code 400 and the message {@code Deployment in
   *     version "v1" cannot be handled as a Deployment: ...}
   */
  public static void check(JsonObject object, Schema schema) {
    throw new UnsupportedOperationException("not yet");
  }
}
