package dev.nacelle.image.distribution;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Lists, a page at a time: end-8 and end-12 of the specification, and Docker's catalog. */
final class ListEndpoint {
  private static final int LARGEST_PAGE = 10_000;
  private static final int LARGEST_CATALOG_PAGE = 1_000;
  private static final int REFERRERS_PAGE = 500;

  private final ContentStore content;
  private final ManifestStore manifests;
  private final Gate gate;

  ListEndpoint(ContentStore content, ManifestStore manifests, Gate gate) {
    this.content = content;
    this.manifests = manifests;
    this.gate = gate;
  }

  void tags(HttpExchange exchange, Gate.Visitor visitor, Route.Tags route)
      throws IOException, InterruptedException {
    requireGet(exchange);
    gate.require(exchange, visitor, route.repository(), Set.of(Action.PULL));
    if (!content.repositories().contains(route.repository())) {
      throw ContentStore.unknown(route.repository());
    }
    int n = n(exchange.query(), LARGEST_PAGE);
    String last = exchange.query().first("last").orElse("");
    List<String> later =
        manifests.tags(route.repository()).stream()
            .filter(tag -> last.isEmpty() || ManifestStore.TAG_ORDER.compare(tag, last) > 0)
            .toList();
    List<String> page = later.subList(0, Math.min(n, later.size()));
    var headers = Answers.headers();
    if (page.size() < later.size() && !page.isEmpty()) {
      headers.add("link", link("/v2/" + route.repository() + "/tags/list?n=" + n, page.getLast()));
    }
    Answers.json(
        exchange,
        200,
        headers.build(),
        JsonObject.builder()
            .put("name", route.repository().value())
            .put("tags", JsonArray.ofStrings(page))
            .build());
  }

  void referrers(HttpExchange exchange, Gate.Visitor visitor, Route.Referrers route)
      throws IOException, InterruptedException {
    requireGet(exchange);
    gate.require(exchange, visitor, route.repository(), Set.of(Action.PULL));
    ContentDigest subject = BlobEndpoint.digest(route.digest());
    Optional<String> type = exchange.query().first("artifactType").filter(text -> !text.isEmpty());
    String last = exchange.query().first("last").orElse("");
    var page = new ArrayList<Json>();
    var headers = Answers.headers().add("content-type", MediaTypes.OCI_INDEX);
    String shown = "";
    for (ContentDigest referrer : manifests.referrers(route.repository(), subject)) {
      if (referrer.toString().compareTo(last) <= 0) {
        continue;
      }
      Optional<JsonObject> descriptor = manifests.referrer(route.repository(), subject, referrer);
      if (descriptor.isEmpty()
          || (type.isPresent() && !descriptor.get().string("artifactType").equals(type))) {
        continue;
      }
      if (page.size() == REFERRERS_PAGE) {
        headers.add("link", link(referrersPath(route, type), shown));
        break;
      }
      page.add(descriptor.get());
      shown = referrer.toString();
    }
    type.ifPresent(t -> headers.add("oci-filters-applied", "artifactType"));
    Answers.json(
        exchange,
        200,
        headers.build(),
        JsonObject.builder()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.OCI_INDEX)
            .put("manifests", new JsonArray(page))
            .build());
  }

  private static String referrersPath(Route.Referrers route, Optional<String> type) {
    return "/v2/"
        + route.repository()
        + "/referrers/"
        + route.digest()
        + "?"
        + type.map(t -> "artifactType=" + encoded(t)).orElse("n=" + REFERRERS_PAGE);
  }

  void catalog(HttpExchange exchange, Gate.Visitor visitor)
      throws IOException, InterruptedException {
    requireGet(exchange);
    gate.requireLogin(exchange);
    int n = n(exchange.query(), LARGEST_CATALOG_PAGE);
    Optional<String> last = exchange.query().first("last");
    var names = new ArrayList<String>();
    var headers = Answers.headers();
    for (RepositoryName repository : content.repositories()) {
      if (last.isPresent() && repository.value().compareTo(last.get()) <= 0) {
        continue;
      }
      if (!gate.mayPull(visitor, repository)) {
        continue;
      }
      if (names.size() == n) {
        if (n > 0) {
          headers.add("link", link("/v2/_catalog?n=" + n, names.getLast()));
        }
        break;
      }
      names.add(repository.value());
    }
    Answers.json(
        exchange,
        200,
        headers.build(),
        JsonObject.builder().put("repositories", JsonArray.ofStrings(names)).build());
  }

  private static void requireGet(HttpExchange exchange) throws RegistryException {
    if (!exchange.method().equals("GET") && !exchange.method().equals("HEAD")) {
      throw Answers.notAllowed(exchange, "GET, HEAD");
    }
  }

  private static int n(QueryParameters query, int most) throws RegistryException {
    Optional<String> text = query.first("n");
    if (text.isEmpty()) {
      return most;
    }
    if (!text.get().matches("\\d{1,18}")) {
      throw new RegistryException(
          ErrorCode.PAGINATION_NUMBER_INVALID, "n must be a number, 0 or more");
    }
    return (int) Math.min(most, Long.parseLong(text.get()));
  }

  private static String link(String path, String last) {
    return "<" + path + "&last=" + encoded(last) + ">; rel=\"next\"";
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
