package dev.nacelle.apiserver.audit;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/**
 * What is noted of one request while it is served. Whoever serves it says what happens, in this
 * order; any of it may be missing. Safe for any thread.
 */
public interface AuditTrail {
  /** Of requests of which nothing is written. */
  AuditTrail NONE = new AuditTrail() {};

  /** The request is done as somebody else. */
  default void impersonated(Identity identity) {}

  /** The first decision is the one that is written. */
  default void decided(Decision decision) {}

  /** The object that was sent. */
  default void asked(JsonObject object) {}

  /** The patch that was sent. */
  default void patched(Json patch) {}

  /** The head of an answer was sent whose body is not written down. */
  default void answered(int code) {}

  /** An answer in JSON was sent, an object or a Status. */
  default void answered(int code, Bytes json) {}

  /** As the other, for an answer that is no text. */
  default void answered(int code, JsonObject object) {}

  /** The server itself failed. */
  default void broke(Throwable failure) {}

  /** The request is over. To be called once, at last. */
  default void complete() {}
}
