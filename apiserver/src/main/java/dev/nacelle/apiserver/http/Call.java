package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.audit.AuditTrail;
import dev.nacelle.apiserver.pipeline.RequestContext;
import dev.nacelle.base.http.HttpExchange;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One request under way: who asks, and what the reply must say besides its body. One thread. */
final class Call {
  private static final int MAX_WARNINGS_LENGTH = 4096;

  private final String auditId;
  private final Set<String> warnings = new LinkedHashSet<>();
  private Identity identity = Identity.ANONYMOUS;
  private String mediaType = Accepted.JSON;
  private final String userAgent;
  private AuditTrail audit = AuditTrail.NONE;

  Call(HttpExchange exchange, String auditId) {
    this.auditId = auditId;
    this.userAgent = exchange.headers().first("user-agent").orElse("");
  }

  String auditId() {
    return auditId;
  }

  Identity identity() {
    return identity;
  }

  void identity(Identity found) {
    identity = found;
  }

  AuditTrail audit() {
    return audit;
  }

  void audit(AuditTrail trail) {
    audit = trail;
  }

  String mediaType() {
    return mediaType;
  }

  void mediaType(String accepted) {
    mediaType = accepted;
  }

  void warn(String text) {
    warnings.add(text);
  }

  /** The request as the pipeline sees it; the manager is the client's name. */
  RequestContext context() {
    int slash = userAgent.indexOf('/');
    String manager = slash < 0 ? userAgent : userAgent.substring(0, slash);
    return new RequestContext(identity, manager.isEmpty() ? "unknown" : manager, this::warn, audit);
  }

  /** The values of the Warning headers, by RFC 7234. */
  List<String> warningHeaders() {
    if (warnings.isEmpty()) {
      return List.of();
    }
    var result = new ArrayList<String>();
    int length = 0;
    for (String warning : warnings) {
      String value = "299 - \"" + escaped(warning) + "\"";
      length += value.length();
      if (length > MAX_WARNINGS_LENGTH) {
        break;
      }
      result.add(value);
    }
    return result;
  }

  private static String escaped(String text) {
    var result = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        result.append('\\');
      }
      result.append(c < ' ' || c == 0x7f ? ' ' : c);
    }
    return result.toString();
  }
}
