package dev.nacelle.api.client;

import dev.nacelle.api.client.HttpTransport.Effect;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The API over HTTP(S). Requests wait at most a minute for an answer; watches have connections of
 * their own, and count as broken when not even a bookmark came for two and a half minutes. Answers
 * are bounded to 256 MiB, one watched object to 32 MiB. Closing it ends resting connections, of the
 * clients that {@link #as} made too; running watches are their holders' to close.
 */
public final class HttpApiClient implements ApiClient, AutoCloseable {
  private static final String JSON = "application/json";

  private final HttpTransport transport;

  private HttpApiClient(HttpTransport transport) {
    this.transport = transport;
  }

  /**
   * A client of a server.
   *
   * @param server {@code https://HOST:PORT}; a path in it stands before every path
   */
  public static Builder builder(URI server) {
    return new Builder(server);
  }

  @Override
  public KubeObject get(ResourceType type, ObjectKey key) {
    return new KubeObject(read("GET", type.objectPath(key), new QueryText()));
  }

  @Override
  public ObjectList list(ResourceType type, ListOptions options) {
    JsonObject page =
        read("GET", type.collectionPath(options.namespace()), new QueryText().put(options));
    String apiVersion = page.string("apiVersion").orElse("");
    String listKind = page.string("kind").orElse("");
    String kind =
        listKind.endsWith("List") ? listKind.substring(0, listKind.length() - 4) : listKind;
    return new ObjectList(
        page.array("items").objects().map(item -> typed(item, apiVersion, kind)).toList(),
        page.string("metadata", "resourceVersion").orElse(""),
        page.string("metadata", "continue").orElse(""),
        page.object("metadata").integer("remainingItemCount"));
  }

  /** Servers leave the type out of the items of a typed list. */
  private static KubeObject typed(JsonObject item, String apiVersion, String kind) {
    if (item.has("kind") && item.has("apiVersion")) {
      return new KubeObject(item);
    }
    var whole = JsonObject.builder().put("apiVersion", apiVersion).put("kind", kind);
    item.members().forEach(whole::put);
    return new KubeObject(whole.build());
  }

  @Override
  public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
    return object(
        write(
            "POST",
            type.collectionPath(object.namespace()),
            new QueryText().put(options),
            JSON,
            object.json()));
  }

  @Override
  public KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options) {
    return object(
        write(
            "POST", path(type, key, subresource), new QueryText().put(options), JSON, body.json()));
  }

  @Override
  public KubeObject update(ResourceType type, KubeObject object, WriteOptions options) {
    return object(
        write(
            "PUT",
            path(type, object.key(), options.subresource()),
            new QueryText().put(options),
            JSON,
            object.json()));
  }

  @Override
  public KubeObject patch(ResourceType type, ObjectKey key, Patch patch, WriteOptions options) {
    boolean forced = patch.type() == Patch.Type.APPLY && options.force() == WriteOptions.Force.YES;
    return object(
        write(
            "PATCH",
            path(type, key, options.subresource()),
            new QueryText().put(options).put("force", forced ? "true" : ""),
            patch.type().mediaType(),
            patch.body()));
  }

  @Override
  public void delete(ResourceType type, ObjectKey key, DeleteOptions options) {
    write("DELETE", type.objectPath(key), new QueryText(), JSON, body(options));
  }

  @Override
  public void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options) {
    write(
        "DELETE",
        type.collectionPath(selection.namespace()),
        new QueryText().put(selection),
        JSON,
        body(options));
  }

  @Override
  public ObjectWatch watch(ResourceType type, ListOptions options) {
    QueryText query =
        new QueryText()
            .put("watch", "true")
            .put("allowWatchBookmarks", "true")
            .put(options.page(0, ""));
    return new HttpWatch(
        transport.open(transport.request("GET", type.collectionPath(options.namespace()), query)),
        type.toString());
  }

  /**
   * The server must allow this client's own identity to impersonate the user and each of its
   * groups; {@code system:authenticated} is left for the server to add.
   */
  @Override
  public ApiClient as(Identity identity) {
    var headers = Headers.builder().add("impersonate-user", identity.user());
    if (!identity.uid().isEmpty()) {
      headers.add("impersonate-uid", identity.uid());
    }
    identity.groups().stream()
        .filter(group -> !group.equals(Identity.AUTHENTICATED))
        .forEach(group -> headers.add("impersonate-group", group));
    identity
        .extra()
        .forEach(
            (key, values) ->
                values.forEach(
                    value ->
                        headers.add(
                            "impersonate-extra-" + URLEncoder.encode(key, StandardCharsets.UTF_8),
                            value)));
    return new HttpApiClient(transport.with(headers.build()));
  }

  @Override
  public void close() {
    transport.requests().close();
    transport.watches().close();
  }

  private static String path(ResourceType type, ObjectKey key, String subresource) {
    return type.objectPath(key) + (subresource.isEmpty() ? "" : "/" + subresource);
  }

  /** A plain success is an empty object, as in process. */
  private static KubeObject object(JsonObject answer) {
    boolean success = answer.string("kind").filter("Status"::equals).isPresent();
    return new KubeObject(success ? JsonObject.EMPTY : answer);
  }

  private JsonObject read(String method, String path, QueryText query) {
    return transport.send(transport.request(method, path, query), Effect.READ);
  }

  private JsonObject write(
      String method, String path, QueryText query, String mediaType, Json body) {
    Bytes text = JsonWriter.write(body);
    HttpRequest request =
        transport.request(method, path, query).with("content-type", mediaType).with(text);
    return transport.send(request, Effect.WRITE);
  }

  private static JsonObject body(DeleteOptions options) {
    var result = JsonObject.builder().put("kind", "DeleteOptions").put("apiVersion", "v1");
    options.gracePeriodSeconds().ifPresent(s -> result.put("gracePeriodSeconds", s));
    switch (options.propagation()) {
      case DEFAULT -> {}
      case ORPHAN -> result.put("propagationPolicy", "Orphan");
      case BACKGROUND -> result.put("propagationPolicy", "Background");
      case FOREGROUND -> result.put("propagationPolicy", "Foreground");
    }
    if (options.uid().isPresent() || options.resourceVersion().isPresent()) {
      var preconditions = JsonObject.builder();
      options.uid().ifPresent(uid -> preconditions.put("uid", uid));
      options.resourceVersion().ifPresent(v -> preconditions.put("resourceVersion", v));
      result.put("preconditions", preconditions.build());
    }
    return result.build();
  }

  /** Settings of a client; for one thread. */
  public static final class Builder {
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final Duration BOOKMARK = Duration.ofSeconds(150);
    private static final int MOST_REQUESTS = 64;
    private static final int MOST_WATCHES = 512;

    private final URI server;
    private List<X509Certificate> authorities = List.of();
    private Optional<Supplier<TlsIdentity>> identity = Optional.empty();
    private Supplier<Optional<String>> token = Optional::empty;
    private String userAgent = "nacelle";

    private Builder(URI server) {
      this.server = server;
    }

    /** Trusts servers whose chain ends in one of these; without it those of the platform. */
    public Builder trust(List<X509Certificate> trusted) {
      authorities = List.copyOf(trusted);
      return this;
    }

    /** Shows this client certificate; asked for at every new connection. */
    public Builder identity(Supplier<TlsIdentity> source) {
      identity = Optional.of(source);
      return this;
    }

    /** Sends this bearer token; asked for at every request. */
    public Builder token(Supplier<String> source) {
      token = () -> Optional.of(source.get());
      return this;
    }

    /** The server takes what stands before a slash as the default field manager. */
    public Builder userAgent(String name) {
      userAgent = name;
      return this;
    }

    /**
     * @throws IllegalArgumentException if the server's URL is not one of HTTP
     */
    public HttpApiClient build() {
      String scheme = String.valueOf(server.getScheme());
      if (!scheme.matches("(?i)https?") || server.getHost() == null) {
        throw new IllegalArgumentException("not an http or https URL: " + server);
      }
      return new HttpApiClient(
          new HttpTransport(
              client(ANSWER, MOST_REQUESTS),
              client(BOOKMARK, MOST_WATCHES),
              server.toString().replaceAll("/+$", ""),
              token,
              Headers.of("user-agent", userAgent)));
    }

    private HttpClient client(Duration readTimeout, int connections) {
      var builder = HttpClient.builder().readTimeout(readTimeout).connectionsPerOrigin(connections);
      if (!authorities.isEmpty()) {
        builder.trust(authorities);
      }
      identity.ifPresent(builder::identity);
      return builder.build();
    }
  }
}
