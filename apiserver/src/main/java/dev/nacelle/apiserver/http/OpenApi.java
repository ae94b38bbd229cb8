package dev.nacelle.apiserver.http;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.http.OpenApiDefinitions.Served;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code /openapi/v2} and {@code /openapi/v3}. Documents are made when asked for and kept until the
 * kinds change or memory is short.
 */
final class OpenApi {
  private static final String PROTOBUF =
      "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  private static final String PROTOBUF_V2 =
      "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

  private final ResourceRegistry registry;
  private final String version;
  private final Map<String, SoftReference<Document>> documents = new ConcurrentHashMap<>();
  private volatile long generation = -1;

  private record Document(long generation, Bytes body, String hash) {}

  OpenApi(ResourceRegistry registry, String version) {
    this.registry = registry;
    this.version = version;
  }

  void handle(HttpExchange exchange, Call call, String path) {
    if (path.equals("/openapi/v2")) {
      v2(exchange, call);
      return;
    }
    if (path.equals("/openapi/v3") || path.equals("/openapi/v3/")) {
      Replies.json(exchange, call, 200, document("v3 index", this::index).body());
      return;
    }
    if (!path.startsWith("/openapi/v3/")) {
      throw ApiException.notFound();
    }
    String of = path.substring("/openapi/v3/".length());
    if (!groupVersions().containsKey(of)) {
      throw ApiException.notFound();
    }
    send(exchange, call, Accepted.JSON, document("v3 " + of, () -> v3(of)));
  }

  private void v2(HttpExchange exchange, Call call) {
    String accept = exchange.headers().first("accept").orElse("");
    if (accept.startsWith(PROTOBUF) || accept.startsWith(PROTOBUF_V2)) {
      send(
          exchange,
          call,
          PROTOBUF_V2,
          document("v2 protobuf", () -> OpenApiProtobuf.document(v2Document())));
      return;
    }
    send(exchange, call, Accepted.JSON, document("v2", () -> JsonWriter.write(v2Document())));
  }

  private static void send(HttpExchange exchange, Call call, String mediaType, Document document) {
    String etag = '"' + document.hash() + '"';
    var headers = Replies.headers(call, mediaType).add("etag", etag).add("vary", "Accept");
    if (exchange.query().first("hash").filter(document.hash()::equals).isPresent()) {
      headers.set("cache-control", "public, immutable");
    }
    Headers built = headers.build();
    if (exchange.headers().first("if-none-match").filter(etag::equals).isPresent()) {
      exchange.respond(304, built, Bytes.EMPTY);
    } else {
      exchange.respond(200, built, document.body());
    }
  }

  private Document document(String name, Supplier<Bytes> make) {
    long now = registry.generation();
    if (now != generation) {
      documents.clear();
      generation = now;
    }
    SoftReference<Document> reference = documents.get(name);
    @Nullable Document known = reference == null ? null : reference.get();
    if (known != null && known.generation() == now) {
      return known;
    }
    Bytes body = make.get();
    var made = new Document(now, body, RootHandler.hash(body));
    documents.put(name, new SoftReference<>(made));
    return made;
  }

  private List<Served> served() {
    var result = new ArrayList<Served>();
    for (ResourceDefinition definition : registry.all()) {
      for (VersionDefinition each : definition.versions()) {
        if (each.isServed()) {
          result.add(new Served(definition, each));
        }
      }
    }
    return result;
  }

  /** The kinds by {@code api/v1}, {@code apis/apps/v1}, ... */
  private Map<String, List<Served>> groupVersions() {
    var result = new LinkedHashMap<String, List<Served>>();
    for (Served kind : served()) {
      String group = kind.definition().group();
      String name = (group.isEmpty() ? "api/" : "apis/" + group + "/") + kind.version().name();
      result.computeIfAbsent(name, n -> new ArrayList<>()).add(kind);
    }
    return result;
  }

  private Bytes index() {
    var paths = JsonObject.builder();
    groupVersions()
        .keySet()
        .forEach(
            name -> {
              String hash = document("v3 " + name, () -> v3(name)).hash();
              paths.put(
                  name,
                  JsonObject.builder()
                      .put("serverRelativeURL", "/openapi/v3/" + name + "?hash=" + hash)
                      .build());
            });
    return JsonWriter.write(JsonObject.builder().put("paths", paths.build()).build());
  }

  private Bytes v3(String groupVersion) {
    List<Served> kinds = groupVersions().getOrDefault(groupVersion, List.of());
    Map<String, Json> schemas =
        new LinkedHashMap<>(OpenApiDefinitions.of(kinds, "#/components/schemas/"));
    return JsonWriter.write(
        JsonObject.builder()
            .put("openapi", "3.0.0")
            .put("info", info())
            .put("paths", OpenApiPaths.of(kinds, OpenApiPaths.Dialect.V3))
            .put("components", JsonObject.builder().put("schemas", JsonObject.of(schemas)).build())
            .build());
  }

  private JsonObject v2Document() {
    List<Served> kinds = served();
    Map<String, Json> definitions =
        new LinkedHashMap<>(OpenApiDefinitions.of(kinds, "#/definitions/"));
    return JsonObject.builder()
        .put("swagger", "2.0")
        .put("info", info())
        .put("paths", OpenApiPaths.of(kinds, OpenApiPaths.Dialect.V2))
        .put("definitions", JsonObject.of(definitions))
        .build();
  }

  private JsonObject info() {
    return JsonObject.builder().put("title", "Kubernetes").put("version", version).build();
  }
}
