package dev.nacelle.apiserver.client;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectList;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.selector.FieldSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.apiserver.audit.AuditRequest;
import dev.nacelle.apiserver.audit.AuditTrail;
import dev.nacelle.apiserver.pipeline.Body;
import dev.nacelle.apiserver.pipeline.ContinueExpiredException;
import dev.nacelle.apiserver.pipeline.RequestContext;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.RequestPipeline.Answer;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.apiserver.pipeline.WatchOptions;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.store.StoreException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The API without HTTP: authorization, admission, audit and the rest are the same. */
public final class InProcessApiClient implements ApiClient {
  private static final Logger LOG = LoggerFactory.getLogger(InProcessApiClient.class);

  private final RequestPipeline pipeline;
  private final ResourceRegistry registry;
  private final Optional<Audit> audit;
  private final Identity identity;
  private final RequestContext unaudited;

  public InProcessApiClient(
      RequestPipeline pipeline,
      ResourceRegistry registry,
      Optional<Audit> audit,
      Identity identity) {
    this.pipeline = pipeline;
    this.registry = registry;
    this.audit = audit;
    this.identity = identity;
    this.unaudited = context(AuditTrail.NONE);
  }

  private RequestContext context(AuditTrail trail) {
    return new RequestContext(
        identity,
        identity.user().substring(identity.user().lastIndexOf(':') + 1),
        warning -> LOG.debug("{}: {}", identity.user(), warning),
        trail);
  }

  @Override
  public KubeObject get(ResourceType type, ObjectKey key) {
    return call(
        new Line("get", type, key, ""),
        (context, target) -> object(type, pipeline.get(context, target)),
        Results::object);
  }

  @Override
  public ObjectList list(ResourceType type, ListOptions options) {
    return call(
        new Line("list", type, collection(options), "", options.fieldSelector()),
        (context, target) -> {
          var page = pipeline.list(context, target, options);
          return new ObjectList(
              page.objects().stream().map(o -> o.object(type.version())).toList(),
              page.resourceVersion(),
              page.continueToken(),
              page.remaining());
        },
        Results::list);
  }

  @Override
  public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
    return call(
        new Line("create", type, new ObjectKey(object.namespace(), ""), ""),
        (context, target) ->
            object(type, pipeline.create(context, target, Body.of(object.json()), options)),
        Results::created);
  }

  @Override
  public KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options) {
    return call(
        new Line("create", type, key, subresource),
        (context, target) ->
            object(type, pipeline.create(context, target, Body.of(body.json()), options)),
        Results::created);
  }

  @Override
  public KubeObject update(ResourceType type, KubeObject object, WriteOptions options) {
    return call(
        new Line("update", type, object.key(), options.subresource()),
        (context, target) ->
            object(type, pipeline.update(context, target, Body.of(object.json()), options)),
        Results::object);
  }

  @Override
  public KubeObject patch(ResourceType type, ObjectKey key, Patch patch, WriteOptions options) {
    return call(
        new Line("patch", type, key, options.subresource()),
        (context, target) -> object(type, pipeline.patch(context, target, patch, options)),
        Results::object);
  }

  @Override
  public void delete(ResourceType type, ObjectKey key, DeleteOptions options) {
    call(
        new Line("delete", type, key, ""),
        (context, target) -> pipeline.delete(context, target, options, DryRun.NONE),
        Results::plain);
  }

  @Override
  public void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options) {
    call(
        new Line("deletecollection", type, collection(selection), ""),
        (context, target) -> {
          pipeline.deleteCollection(context, target, selection, options, DryRun.NONE);
          return true;
        },
        Results::plain);
  }

  @Override
  public ObjectWatch watch(ResourceType type, ListOptions options) {
    var how = new WatchOptions(WatchOptions.Initial.UNSPECIFIED, WatchOptions.Bookmarks.YES);
    return call(
        new Line("watch", type, collection(options), "", options.fieldSelector()),
        (context, target) ->
            new InProcessWatch(pipeline.watch(context, target, options, how), context.audit()),
        Results::plain);
  }

  @Override
  public ApiClient as(Identity other) {
    return new InProcessApiClient(pipeline, registry, audit, other);
  }

  private static ObjectKey collection(ListOptions options) {
    return new ObjectKey(options.namespace(), "");
  }

  private Target target(Line line) {
    ResourceType type = line.type();
    ObjectKey key = line.key();
    String subresource = line.subresource();
    ResourceDefinition definition =
        registry.find(type.group(), type.resource()).orElseThrow(ApiException::notFound);
    var version = definition.version(type.version()).orElseThrow(ApiException::notFound);
    ObjectKey fit = definition.isNamespaced() ? key : ObjectKey.cluster(key.name());
    if (!subresource.isEmpty() && version.subresource(subresource).isEmpty()) {
      throw ApiException.notFound();
    }
    return new Target(definition, version, fit, subresource);
  }

  private static KubeObject object(ResourceType type, Answer answer) {
    return switch (answer) {
      case Answer.Stored stored -> stored.object().object(type.version());
      case Answer.Plain plain -> plain.object();
      case Answer.Success() -> new KubeObject(JsonObject.EMPTY);
    };
  }

  /**
   * What is asked for.
   *
   * @param fields the selector of a list or a watch
   */
  private record Line(
      String verb, ResourceType type, ObjectKey key, String subresource, String fields) {

    Line(String verb, ResourceType type, ObjectKey key, String subresource) {
      this(verb, type, key, subresource, "");
    }

    String uri() {
      String path =
          key.name().isEmpty() ? type.collectionPath(key.namespace()) : type.objectPath(key);
      String whole = subresource.isEmpty() ? path : path + "/" + subresource;
      var query = new ArrayList<String>();
      if (!fields.isEmpty()) {
        query.add("fieldSelector=" + URLEncoder.encode(fields, StandardCharsets.UTF_8));
      }
      if (verb.equals("watch")) {
        query.add("watch=true");
      }
      return query.isEmpty() ? whole : whole + "?" + String.join("&", query);
    }
  }

  @FunctionalInterface
  private interface Request<T> {
    T run(RequestContext context, Target target) throws InterruptedException;
  }

  /** Notes an answer. */
  @FunctionalInterface
  private interface Note<T> {
    void answered(AuditTrail trail, T result);
  }

  /** Runs a request and writes down what is wanted of it. */
  private <T> T call(Line line, Request<T> request, Note<T> note) {
    AuditTrail trail = audit.isPresent() ? begin(audit.get(), line) : AuditTrail.NONE;
    if (trail == AuditTrail.NONE) {
      return call(() -> request.run(unaudited, target(line)));
    }
    boolean goesOn = false;
    try {
      T result = call(() -> request.run(context(trail), target(line)));
      note.answered(trail, result);
      goesOn = line.verb().equals("watch");
      return result;
    } catch (ApiException e) {
      trail.answered(e.code(), e.status().toJson());
      throw e;
    } finally {
      if (!goesOn) {
        trail.complete();
      }
    }
  }

  private AuditTrail begin(Audit log, Line line) {
    ResourceType type = line.type();
    ObjectKey key = line.key();
    var target =
        new Attributes.Resource(
            type.group(),
            type.version(),
            type.resource(),
            line.subresource(),
            // as upstream, a request for a namespace itself is judged in that namespace
            type.groupResource().equals("namespaces") ? key.name() : key.namespace(),
            key.name().isEmpty() ? FieldSelector.exactName(line.fields()).orElse("") : key.name());
    return log.begin(
        new AuditRequest(
            UUID.randomUUID().toString(),
            new Attributes(identity, line.verb(), target),
            line.uri(),
            List.of(),
            "nacelle (in process)",
            line.verb().equals("watch")
                ? AuditRequest.Duration.LONG
                : AuditRequest.Duration.SHORT));
  }

  /** How results are noted. */
  private static final class Results {
    private Results() {}

    static void object(AuditTrail trail, KubeObject object) {
      trail.answered(200, object.json());
    }

    static void list(AuditTrail trail, ObjectList list) {
      trail.answered(
          200,
          JsonObject.builder()
              .put("kind", "List")
              .put("apiVersion", "v1")
              .put(
                  "metadata",
                  JsonObject.builder().put("resourceVersion", list.resourceVersion()).build())
              .put("items", new JsonArray(list.items().stream().map(o -> (Json) o.json()).toList()))
              .build());
    }

    static void created(AuditTrail trail, KubeObject object) {
      trail.answered(201, object.json());
    }

    static void plain(AuditTrail trail, Object result) {
      trail.answered(200);
    }
  }

  /** Runs a request; every failure is an {@link ApiException}, as over HTTP. */
  private <T> T call(Callable<T> request) {
    try {
      return request.call();
    } catch (ApiException e) {
      throw e;
    } catch (ContinueExpiredException e) {
      throw e.toApiException();
    } catch (StoreException e) {
      throw ApiException.unavailable("the store cannot answer: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("interrupted");
    } catch (RuntimeException e) {
      LOG.error("a request of {} failed", identity.user(), e);
      throw ApiException.internal(String.valueOf(e.getMessage()));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
