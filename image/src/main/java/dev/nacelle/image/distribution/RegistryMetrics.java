package dev.nacelle.image.distribution;

import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Metrics;
import java.util.Locale;
import java.util.function.Supplier;

/** What is counted. Safe for any thread. */
final class RegistryMetrics {
  private final Counter requests;
  private final Counter cache;

  /** What came of looking into the cache. */
  enum Cache {
    /** It was here. */
    HIT,
    /** It was here, and the origin said that nothing changed. */
    REVALIDATED,
    /** It was here, and the origin could not be asked. */
    STALE,
    /** It was fetched. */
    MISS,
    /** It was not here, and could not be fetched. */
    FAILED
  }

  RegistryMetrics(Metrics metrics, Supplier<RegistryUsage> usage) {
    requests =
        metrics.counter(
            "nacelle_registry_requests_total", "Requests answered", "kind", "method", "code");
    cache =
        metrics.counter(
            "nacelle_registry_cache_total",
            "Looks into the caches of other registries",
            "kind",
            "outcome");
    metrics.gauge(
        "nacelle_registry_stored_bytes",
        "Content and uploads under way, each content once",
        () -> usage.get().totalBytes());
    metrics.gauge(
        "nacelle_registry_repositories",
        "Repositories that hold something",
        () -> usage.get().repositories());
    metrics.gauge("nacelle_registry_uploads", "Uploads under way", () -> usage.get().uploads());
  }

  void answered(Route route, String method, int status) {
    requests.increment(kind(route), known(method), Integer.toString(status));
  }

  void looked(String kind, Cache outcome) {
    cache.increment(kind, outcome.name().toLowerCase(Locale.ROOT));
  }

  private static String kind(Route route) {
    return switch (route) {
      case Route.Version version -> "version";
      case Route.Token token -> "token";
      case Route.Catalog catalog -> "catalog";
      case Route.Blob blob -> "blob";
      case Route.Uploads begin -> "upload";
      case Route.Upload upload -> "upload";
      case Route.Manifest manifest -> "manifest";
      case Route.Tags tags -> "tags";
      case Route.Referrers referrers -> "referrers";
      case Route.Unknown unknown -> "unknown";
    };
  }

  /** Each label value is kept for ever: clients must not make up methods. */
  private static String known(String method) {
    return switch (method) {
      case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" -> method;
      default -> "other";
    };
  }
}
