package dev.nacelle.apiserver.audit;

import dev.nacelle.apiserver.access.Attributes;
import java.util.List;

/**
 * What is known of a request when it comes.
 *
 * @param id of the request; the client has it from the header {@code Audit-Id}
 * @param attributes who asks for what; the user is empty where nobody knows
 * @param uri path and query
 * @param addresses from where it came, through which proxies
 */
public record AuditRequest(
    String id,
    Attributes attributes,
    String uri,
    List<String> addresses,
    String userAgent,
    Duration duration) {
  private static final int MAX_AGENT = 1024;

  public AuditRequest {
    addresses = List.copyOf(addresses);
    if (userAgent.length() > MAX_AGENT) {
      userAgent = userAgent.substring(0, MAX_AGENT) + "...TRUNCATED";
    }
  }

  /** Whether the beginning of the answer is worth an event: watches, logs, connections. */
  public enum Duration {
    SHORT,
    LONG
  }
}
