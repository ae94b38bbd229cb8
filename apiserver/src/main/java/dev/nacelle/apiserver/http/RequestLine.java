package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.selector.FieldSelector;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.audit.AuditRequest;
import dev.nacelle.base.http.HttpExchange;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A request as it is known before anything of it is judged: upstream's {@code RequestInfo}.
 *
 * @param resource empty for a path that is no resource
 */
record RequestLine(HttpExchange exchange, Optional<ResourcePath> resource) {

  static RequestLine of(HttpExchange exchange) {
    return new RequestLine(exchange, ResourcePath.parse(exchange.path()));
  }

  /** Whether the answer goes on for as long as the client likes. */
  boolean isLongRunning() {
    return isWatch()
        || resource
            .map(ResourcePath::subresource)
            .filter(List.of("log", "exec", "attach", "portforward", "proxy")::contains)
            .isPresent();
  }

  private boolean isWatch() {
    return resource.filter(r -> r.isWatch() || exchange.query().flag("watch")).isPresent();
  }

  private String verb() {
    String method = exchange.method();
    if (resource.isEmpty()) {
      return method.toLowerCase(Locale.ROOT);
    }
    boolean isCollection = resource.get().name().isEmpty();
    return switch (method) {
      case "POST" -> "create";
      case "PUT" -> "update";
      case "PATCH" -> "patch";
      case "DELETE" -> isCollection ? "deletecollection" : "delete";
      case "GET", "HEAD" -> isWatch() ? "watch" : isCollection ? "list" : "get";
      default -> method.toLowerCase(Locale.ROOT);
    };
  }

  Attributes attributes(Identity identity) {
    return new Attributes(
        identity,
        verb(),
        resource
            .<Attributes.Target>map(this::target)
            .orElseGet(() -> new Attributes.Path(exchange.path())));
  }

  private Attributes.Resource target(ResourcePath path) {
    // as upstream, a request for a namespace itself is judged in that namespace
    boolean isNamespace = path.group().isEmpty() && path.resource().equals("namespaces");
    return new Attributes.Resource(
        path.group(),
        path.version(),
        path.resource(),
        path.subresource(),
        isNamespace ? path.name() : path.namespace(),
        path.name().isEmpty() ? selectedName() : path.name());
  }

  private String selectedName() {
    boolean isRead = exchange.method().equals("GET") || exchange.method().equals("HEAD");
    return exchange
        .query()
        .first("fieldSelector")
        .filter(text -> isRead)
        .flatMap(FieldSelector::exactName)
        .orElse("");
  }

  AuditRequest audit(String id, Identity identity) {
    String query = exchange.rawQuery();
    return new AuditRequest(
        id,
        attributes(identity),
        query.isEmpty() ? exchange.rawPath() : exchange.rawPath() + "?" + query,
        addresses(),
        exchange.headers().first("user-agent").orElse(""),
        isLongRunning() ? AuditRequest.Duration.LONG : AuditRequest.Duration.SHORT);
  }

  /** What proxies say of the client, then who sent it to us. */
  private List<String> addresses() {
    var result = new ArrayList<String>();
    for (String header : exchange.headers().all("x-forwarded-for")) {
      for (String address : header.split(",", -1)) {
        add(result, address.strip());
      }
    }
    exchange.headers().first("x-real-ip").ifPresent(address -> add(result, address.strip()));
    if (exchange.remoteAddress() instanceof InetSocketAddress socket) {
      add(result, socket.getAddress().getHostAddress());
    }
    return result;
  }

  private static void add(List<String> addresses, String address) {
    boolean isAddress = address.matches("[0-9a-fA-F:.]{2,45}");
    if (isAddress && (addresses.isEmpty() || !addresses.getLast().equals(address))) {
      addresses.add(address);
    }
  }
}
