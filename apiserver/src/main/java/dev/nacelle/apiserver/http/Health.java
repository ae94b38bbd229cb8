package dev.nacelle.apiserver.http;

import dev.nacelle.base.http.HttpExchange;
import java.util.List;
import java.util.Set;

/** {@code /healthz}, {@code /livez} and {@code /readyz}, whole or check by check. */
final class Health {
  private final List<HealthCheck> checks;

  Health(List<HealthCheck> checks) {
    this.checks = List.copyOf(checks);
  }

  static boolean isHealthPath(String path) {
    return path.equals("/healthz")
        || path.equals("/livez")
        || path.equals("/readyz")
        || path.startsWith("/healthz/")
        || path.startsWith("/livez/")
        || path.startsWith("/readyz/");
  }

  void handle(HttpExchange exchange, Call call, String path) {
    int slash = path.indexOf('/', 1);
    String which = slash < 0 ? path.substring(1) : path.substring(1, slash);
    List<HealthCheck> asked =
        checks.stream()
            .filter(c -> c.of() == HealthCheck.Of.LIFE || which.equals("readyz"))
            .toList();
    if (slash >= 0) {
      one(exchange, call, asked, path.substring(slash + 1));
      return;
    }
    all(exchange, call, asked, which);
  }

  private static void one(HttpExchange exchange, Call call, List<HealthCheck> asked, String name) {
    var found = asked.stream().filter(c -> c.name().equals(name)).findFirst();
    if (found.isEmpty()) {
      Replies.text(exchange, call, 404, "404 page not found\n");
      return;
    }
    boolean holds = found.get().holds().getAsBoolean();
    Replies.text(
        exchange, call, holds ? 200 : 500, holds ? "ok" : "internal server error: " + name);
  }

  private static void all(HttpExchange exchange, Call call, List<HealthCheck> asked, String which) {
    Set<String> excluded = Set.copyOf(exchange.query().all("exclude"));
    var text = new StringBuilder();
    boolean failed = false;
    for (HealthCheck check : asked) {
      if (excluded.contains(check.name())) {
        text.append("[+]").append(check.name()).append(" excluded: ok\n");
        continue;
      }
      boolean holds = check.holds().getAsBoolean();
      failed |= !holds;
      text.append(holds ? "[+]" : "[-]").append(check.name());
      text.append(holds ? " ok\n" : " failed: reason withheld\n");
    }
    for (String name : excluded) {
      if (asked.stream().noneMatch(c -> c.name().equals(name))) {
        text.append("warn: some health checks cannot be excluded: no matches for \"")
            .append(name)
            .append("\"\n");
      }
    }
    text.append(which).append(failed ? " check failed\n" : " check passed\n");
    if (failed) {
      Replies.text(exchange, call, 500, text.toString());
    } else {
      Replies.text(
          exchange, call, 200, exchange.query().contains("verbose") ? text.toString() : "ok");
    }
  }
}
