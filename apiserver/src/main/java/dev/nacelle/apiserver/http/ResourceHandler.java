package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.http.Accepted.Form;
import dev.nacelle.apiserver.http.Tables.Heading;
import dev.nacelle.apiserver.http.Tables.IncludeObject;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.RequestPipeline.Answer;
import dev.nacelle.apiserver.pipeline.ResourceWatch;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.apiserver.pipeline.WatchOptions;
import dev.nacelle.apiserver.pipeline.Written;
import dev.nacelle.apiserver.storage.ListBody;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Serves the verbs of resources: reads the request, asks the pipeline, shows the answer. */
final class ResourceHandler {
  private static final Set<String> CONNECTIONS = Set.of("log", "exec", "attach", "portforward");
  private static final Set<String> RETURNED_WHEN_DELETED =
      Set.of("pods", "services", "serviceaccounts");
  private static final int MIN_WATCH_SECONDS = 1800;

  private final RequestPipeline pipeline;
  private final ResourceRegistry registry;
  private final ConnectHandler connections;
  private final ProxyHandler proxies;
  private final InstantSource clock;

  ResourceHandler(
      RequestPipeline pipeline,
      ResourceRegistry registry,
      ConnectHandler connections,
      ProxyHandler proxies,
      InstantSource clock) {
    this.pipeline = pipeline;
    this.registry = registry;
    this.connections = connections;
    this.proxies = proxies;
    this.clock = clock;
  }

  void handle(HttpExchange exchange, Call call, ResourcePath path) throws Exception {
    Target target = target(path);
    target.version().deprecationWarning().ifPresent(call::warn);
    if (CONNECTIONS.contains(path.subresource())) {
      connections.handle(exchange, call, target);
      return;
    }
    if (path.subresource().equals("proxy")) {
      proxies.handle(exchange, call, target, path);
      return;
    }
    if (!path.rest().isEmpty()) {
      throw ApiException.notFound();
    }
    Accepted accepted = Accepted.of(exchange.headers().first("accept").orElse(""));
    call.mediaType(accepted.mediaType());
    switch (exchange.method()) {
      case "GET", "HEAD" -> read(exchange, call, path, target, accepted);
      case "POST" -> create(exchange, call, target, accepted);
      case "PUT" -> update(exchange, call, target, accepted);
      case "PATCH" -> patch(exchange, call, target, accepted);
      case "DELETE" -> delete(exchange, call, target, accepted);
      default -> throw methodNotAllowed();
    }
  }

  private static ApiException methodNotAllowed() {
    return ApiException.methodNotAllowed(
        "the server does not allow this method on the requested resource");
  }

  private Target target(ResourcePath path) {
    ResourceDefinition definition =
        registry.find(path.group(), path.resource()).orElseThrow(ApiException::notFound);
    VersionDefinition version =
        definition.version(path.version()).orElseThrow(ApiException::notFound);
    boolean namespaced = definition.isNamespaced();
    if (!namespaced && !path.namespace().isEmpty()) {
      throw ApiException.notFound();
    }
    if (namespaced && path.namespace().isEmpty() && !path.name().isEmpty()) {
      throw ApiException.notFound();
    }
    if (!path.subresource().isEmpty() && version.subresource(path.subresource()).isEmpty()) {
      throw ApiException.notFound();
    }
    return new Target(
        definition, version, new ObjectKey(path.namespace(), path.name()), path.subresource());
  }

  private void read(
      HttpExchange exchange, Call call, ResourcePath path, Target target, Accepted accepted)
      throws IOException, InterruptedException {
    boolean watches = path.isWatch() || exchange.query().flag("watch");
    if (target.name().isEmpty() || watches) {
      ListOptions options = Query.list(exchange.query(), target.namespace());
      if (!target.name().isEmpty()) {
        options = options.withFieldSelector("metadata.name=" + target.name());
      }
      Target collection = target.name().isEmpty() ? target : target.named("");
      if (watches) {
        watch(exchange, call, collection, options, accepted);
      } else {
        list(exchange, call, collection, options, accepted);
      }
      return;
    }
    show(exchange, call, 200, target, pipeline.get(call.context(), target), accepted);
  }

  private void list(
      HttpExchange exchange, Call call, Target target, ListOptions options, Accepted accepted)
      throws InterruptedException {
    if (exchange.query().contains("sendInitialEvents")) {
      throw ApiException.invalid(
          new dev.nacelle.api.object.GroupVersionKind("meta.k8s.io", "v1", "ListOptions"),
          "",
          List.of(
              dev.nacelle.api.status.FieldError.forbidden(
                  "sendInitialEvents", "sendInitialEvents is forbidden for list")));
    }
    var page = pipeline.list(call.context(), target, options);
    var meta = new ListBody.Meta(page.resourceVersion(), page.continueToken(), page.remaining());
    String version = target.version().name();
    Bytes body =
        switch (accepted.form()) {
          case TABLE ->
              JsonWriter.write(
                  Tables.table(
                      target,
                      page.objects().stream().map(o -> o.object(version)).toList(),
                      listMetadata(meta),
                      include(exchange),
                      Heading.FULL,
                      clock.instant()));
          case METADATA ->
              ListBody.of(
                  "meta.k8s.io/v1",
                  "PartialObjectMetadataList",
                  meta,
                  page.objects().stream()
                      .map(o -> JsonWriter.write(Tables.metadataOnly(o.object(version))))
                      .toList());
          case AS_IS, DISCOVERY_V2, DISCOVERY_V2BETA1 ->
              ListBody.of(
                  target.kind().apiVersion(),
                  target.definition().names().listKind(),
                  meta,
                  page.objects().stream().map(o -> o.json(version)).toList());
        };
    Replies.json(exchange, call, 200, body);
  }

  private static JsonObject listMetadata(ListBody.Meta meta) {
    var result = JsonObject.builder().put("resourceVersion", meta.resourceVersion());
    if (!meta.continueToken().isEmpty()) {
      result.put("continue", meta.continueToken());
    }
    meta.remaining().ifPresent(n -> result.put("remainingItemCount", n));
    return result.build();
  }

  private static IncludeObject include(HttpExchange exchange) {
    return IncludeObject.of(exchange.query().first("includeObject").orElse(""));
  }

  private void watch(
      HttpExchange exchange, Call call, Target target, ListOptions options, Accepted accepted)
      throws IOException, InterruptedException {
    WatchOptions watchOptions = Query.watch(exchange.query());
    Duration timeout =
        Query.timeout(exchange.query())
            .orElseGet(
                () ->
                    Duration.ofSeconds(
                        MIN_WATCH_SECONDS
                            + ThreadLocalRandom.current().nextInt(MIN_WATCH_SECONDS)));
    ResourceWatch watch;
    Optional<ApiException> gone = Optional.empty();
    try {
      watch = pipeline.watch(call.context(), target, options, watchOptions);
    } catch (ApiException e) {
      if (!e.isGone()) {
        throw e;
      }
      gone = Optional.of(e);
      watch = null;
    }
    var headers = Replies.headers(call, Accepted.JSON).build();
    try (ResponseStream out = exchange.respondStreaming(200, headers)) {
      if (watch == null) {
        out.write(WatchStream.error(gone.orElseThrow()));
        return;
      }
      // a client that leaves must not be noticed only at the next event
      Thread handler = Thread.currentThread();
      out.onClose(handler::interrupt);
      new WatchStream(
              watch,
              accepted.form(),
              include(exchange),
              watchOptions.bookmarks() == WatchOptions.Bookmarks.YES,
              clock,
              out)
          .run(timeout);
    } catch (InterruptedException | IOException e) {
      // the client has left
    }
  }

  private void create(HttpExchange exchange, Call call, Target target, Accepted accepted)
      throws IOException, InterruptedException {
    if (!target.name().isEmpty() && target.subresource().isEmpty()) {
      throw methodNotAllowed();
    }
    WriteOptions options = Query.write(exchange.query(), target.subresource(), "CreateOptions");
    Answer answer = pipeline.create(call.context(), target, BodyReader.object(exchange), options);
    show(exchange, call, 201, target, answer, accepted);
  }

  private void update(HttpExchange exchange, Call call, Target target, Accepted accepted)
      throws IOException, InterruptedException {
    requireName(target);
    WriteOptions options = Query.write(exchange.query(), target.subresource(), "UpdateOptions");
    Answer answer = pipeline.update(call.context(), target, BodyReader.object(exchange), options);
    show(exchange, call, 200, target, answer, accepted);
  }

  private void patch(HttpExchange exchange, Call call, Target target, Accepted accepted)
      throws IOException, InterruptedException {
    requireName(target);
    WriteOptions options = Query.write(exchange.query(), target.subresource(), "PatchOptions");
    Patch patch = patchOf(exchange);
    if (patch.type() != Patch.Type.APPLY && exchange.query().contains("force")) {
      throw ApiException.invalid(
          new dev.nacelle.api.object.GroupVersionKind("meta.k8s.io", "v1", "PatchOptions"),
          "",
          List.of(
              dev.nacelle.api.status.FieldError.forbidden(
                  "force", "may not be specified for non-apply patch")));
    }
    Answer answer = pipeline.patch(call.context(), target, patch, options);
    show(exchange, call, 200, target, answer, accepted);
  }

  private static Patch patchOf(HttpExchange exchange) throws IOException, InterruptedException {
    String mediaType = BodyReader.mediaType(exchange);
    for (Patch.Type type : Patch.Type.values()) {
      if (type.mediaType().equals(mediaType)) {
        Bytes text = BodyReader.text(exchange);
        return new Patch(
            type, type == Patch.Type.APPLY ? BodyReader.yaml(text).json() : BodyReader.patch(text));
      }
    }
    throw ApiException.unsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include:"
            + " application/json-patch+json, application/merge-patch+json,"
            + " application/strategic-merge-patch+json, application/apply-patch+yaml");
  }

  private static void requireName(Target target) {
    if (target.name().isEmpty()) {
      throw methodNotAllowed();
    }
  }

  private void delete(HttpExchange exchange, Call call, Target target, Accepted accepted)
      throws IOException, InterruptedException {
    if (!target.subresource().isEmpty()) {
      throw methodNotAllowed();
    }
    JsonObject json = Query.delete(exchange.query(), BodyReader.optional(exchange));
    call.audit().patched(json);
    var dryRun = Query.dryRun(json.array("dryRun").strings().toList(), "DeleteOptions");
    var options = Query.deleteOptions(json);
    if (target.name().isEmpty()) {
      pipeline.deleteCollection(
          call.context(),
          target,
          Query.list(exchange.query(), target.namespace()),
          options,
          dryRun);
      Replies.json(exchange, call, 200, Replies.success(JsonObject.EMPTY));
      return;
    }
    Written written = pipeline.delete(call.context(), target, options, dryRun);
    boolean asObject =
        written.effect() != Written.Effect.DELETED
            || (target.definition().group().isEmpty()
                && RETURNED_WHEN_DELETED.contains(target.definition().names().plural()));
    if (asObject) {
      show(
          exchange,
          call,
          200,
          target,
          new Answer.Stored(written.effect(), written.object()),
          accepted);
      return;
    }
    var details = JsonObject.builder().put("name", target.name());
    if (!target.definition().group().isEmpty()) {
      details.put("group", target.definition().group());
    }
    details.put("kind", target.definition().names().plural());
    details.put("uid", written.object().object().uid());
    Replies.json(exchange, call, 200, Replies.success(details.build()));
  }

  /**
   * @param code for an answer that made nothing new
   */
  private void show(
      HttpExchange exchange, Call call, int code, Target target, Answer answer, Accepted accepted) {
    switch (answer) {
      case Answer.Success() ->
          Replies.json(
              exchange, call, 201, Replies.success(JsonObject.EMPTY).with("code", Json.of(201)));
      case Answer.Plain(Written.Effect effect, KubeObject object) ->
          Replies.json(
              exchange,
              call,
              effect == Written.Effect.CREATED ? 201 : code,
              ObjectFormat.encodeReply(object));
      case Answer.Stored(Written.Effect effect, StoredObject object) ->
          Replies.json(
              exchange,
              call,
              effect == Written.Effect.CREATED ? 201 : code,
              form(exchange, target, object, accepted.form()));
    }
  }

  private Bytes form(HttpExchange exchange, Target target, StoredObject object, Form form) {
    String version = target.version().name();
    return switch (form) {
      case TABLE -> {
        KubeObject whole = object.object(version);
        JsonObject metadata =
            JsonObject.builder()
                .put("resourceVersion", (Json) Json.of(whole.resourceVersion()))
                .build();
        yield JsonWriter.write(
            Tables.table(
                target,
                List.of(whole),
                metadata,
                include(exchange),
                Heading.FULL,
                clock.instant()));
      }
      case METADATA -> JsonWriter.write(Tables.metadataOnly(object.object(version)));
      case AS_IS, DISCOVERY_V2, DISCOVERY_V2BETA1 -> object.json(version);
    };
  }
}
