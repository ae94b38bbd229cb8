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
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.pipeline.Body;
import dev.nacelle.apiserver.pipeline.ContinueExpiredException;
import dev.nacelle.apiserver.pipeline.RequestContext;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.RequestPipeline.Answer;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.apiserver.pipeline.WatchOptions;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.store.StoreException;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The API without HTTP: authorization, admission and the rest are the same. */
public final class InProcessApiClient implements ApiClient {
  private static final Logger LOG = LoggerFactory.getLogger(InProcessApiClient.class);

  private final RequestPipeline pipeline;
  private final ResourceRegistry registry;
  private final Identity identity;
  private final RequestContext context;

  public InProcessApiClient(
      RequestPipeline pipeline, ResourceRegistry registry, Identity identity) {
    this.pipeline = pipeline;
    this.registry = registry;
    this.identity = identity;
    this.context =
        new RequestContext(
            identity,
            identity.user().substring(identity.user().lastIndexOf(':') + 1),
            warning -> LOG.debug("{}: {}", identity.user(), warning));
  }

  @Override
  public KubeObject get(ResourceType type, ObjectKey key) {
    return call(() -> object(type, pipeline.get(context, target(type, key, ""))));
  }

  @Override
  public ObjectList list(ResourceType type, ListOptions options) {
    return call(
        () -> {
          var page = pipeline.list(context, target(type, collection(options), ""), options);
          return new ObjectList(
              page.objects().stream().map(o -> o.object(type.version())).toList(),
              page.resourceVersion(),
              page.continueToken(),
              page.remaining());
        });
  }

  @Override
  public KubeObject create(ResourceType type, KubeObject object, WriteOptions options) {
    return call(
        () ->
            object(
                type,
                pipeline.create(
                    context,
                    target(type, new ObjectKey(object.namespace(), ""), ""),
                    Body.of(object.json()),
                    options)));
  }

  @Override
  public KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options) {
    return call(
        () ->
            object(
                type,
                pipeline.create(
                    context, target(type, key, subresource), Body.of(body.json()), options)));
  }

  @Override
  public KubeObject update(ResourceType type, KubeObject object, WriteOptions options) {
    return call(
        () ->
            object(
                type,
                pipeline.update(
                    context,
                    target(type, object.key(), options.subresource()),
                    Body.of(object.json()),
                    options)));
  }

  @Override
  public KubeObject patch(ResourceType type, ObjectKey key, Patch patch, WriteOptions options) {
    return call(
        () ->
            object(
                type,
                pipeline.patch(context, target(type, key, options.subresource()), patch, options)));
  }

  @Override
  public void delete(ResourceType type, ObjectKey key, DeleteOptions options) {
    call(() -> pipeline.delete(context, target(type, key, ""), options, DryRun.NONE));
  }

  @Override
  public void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options) {
    call(
        () -> {
          pipeline.deleteCollection(
              context, target(type, collection(selection), ""), selection, options, DryRun.NONE);
          return true;
        });
  }

  @Override
  public ObjectWatch watch(ResourceType type, ListOptions options) {
    var how = new WatchOptions(WatchOptions.Initial.UNSPECIFIED, WatchOptions.Bookmarks.YES);
    return call(
        () ->
            new InProcessWatch(
                pipeline.watch(context, target(type, collection(options), ""), options, how)));
  }

  @Override
  public ApiClient as(Identity other) {
    return new InProcessApiClient(pipeline, registry, other);
  }

  private static ObjectKey collection(ListOptions options) {
    return new ObjectKey(options.namespace(), "");
  }

  private Target target(ResourceType type, ObjectKey key, String subresource) {
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
