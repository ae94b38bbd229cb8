package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.Subresource;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.selector.FieldSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.extension.Responder;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.json.JsonObject;
import java.util.Map;
import java.util.Optional;

/**
 * Every verb on every kind, built-in or custom, from HTTP or in process: one straight method each.
 * Safe for any thread; calls block.
 */
public final class RequestPipeline {
  private final ServerParts parts;
  private final Map<String, Responder> responders;
  private final Commits commits;
  private final Lists lists;
  private final Watches watches;
  private final Creation creation;
  private final Modification modification;
  private final Removal removal;
  private final Patching patching;

  /**
   * @param responders by {@code tokenreviews.authentication.k8s.io} or {@code
   *     serviceaccounts/token}
   */
  public RequestPipeline(ServerParts parts, Map<String, Responder> responders) {
    this.parts = parts;
    this.responders = Map.copyOf(responders);
    this.commits = new Commits(parts.store());
    this.lists = new Lists(parts);
    this.watches = new Watches(parts);
    this.creation = new Creation(parts, commits);
    this.modification = new Modification(parts, commits);
    this.removal = new Removal(parts, commits);
    this.patching = new Patching(parts.clock());
  }

  public Gate gate() {
    return parts.gate();
  }

  /** A list's page as the callers need it. */
  public record ListPage(
      java.util.List<StoredObject> objects,
      String resourceVersion,
      String continueToken,
      java.util.OptionalLong remaining) {}

  /** The answer to a write that is no stored object, or one that is. */
  public sealed interface Answer {
    record Stored(Written.Effect effect, StoredObject object) implements Answer {}

    record Plain(Written.Effect effect, KubeObject object) implements Answer {}

    /** A status of success without more to say. */
    record Success() implements Answer {}
  }

  public Answer get(RequestContext context, Target target) {
    parts.gate().require(context, "get", target);
    requireVerb(target, "get");
    StoredObject found =
        commits.read(target).orElseThrow(() -> ApiException.notFound(target.type(), target.name()));
    return target.subresource().equals("scale")
        ? new Answer.Plain(
            Written.Effect.UPDATED, Scales.of(target, found.object(target.version().name())))
        : new Answer.Stored(Written.Effect.UPDATED, found);
  }

  public ListPage list(RequestContext context, Target target, ListOptions options)
      throws InterruptedException {
    parts.gate().require(context, "list", judged(target, options));
    requireVerb(target, "list");
    Lists.Page page = lists.list(target, options);
    return new ListPage(
        page.objects(), Long.toString(page.revision()), page.continueToken(), page.remaining());
  }

  public ResourceWatch watch(
      RequestContext context, Target target, ListOptions options, WatchOptions watch)
      throws InterruptedException {
    parts.gate().require(context, "watch", judged(target, options));
    requireVerb(target, "watch");
    return watches.begin(target, options, watch);
  }

  /** As upstream, a list or a watch that asks for one name is judged as of that object. */
  private static Target judged(Target collection, ListOptions options) {
    return FieldSelector.exactName(options.fieldSelector())
        .map(collection::named)
        .orElse(collection);
  }

  public Answer create(RequestContext context, Target target, Body body, WriteOptions options) {
    parts.gate().require(context, "create", target);
    requireVerb(target, "create");
    context.audit().asked(body.object());
    if (target.isFor("", "bindings") && target.subresource().isEmpty()) {
      String name = body.object().string("metadata", "name").orElse("");
      return bind(context, podOf(target, name), body.object(), options);
    }
    Responder responder = responders.get(responderName(target));
    if (responder != null) {
      return respond(context, target, body, options, responder);
    }
    if (!target.subresource().isEmpty()) {
      return createOnSubresource(context, target, body, options);
    }
    KubeObject object =
        BodyRules.decode(context, target, body.object(), body.duplicates(), options.validation());
    return new Answer.Stored(
        Written.Effect.CREATED,
        creation.run(context, target, object, options, Creation.Tracking.WRITE));
  }

  private static String responderName(Target target) {
    String resource = target.definition().groupResource();
    return target.subresource().isEmpty() ? resource : resource + "/" + target.subresource();
  }

  private Answer respond(
      RequestContext context, Target target, Body body, WriteOptions options, Responder responder) {
    if (!target.subresource().isEmpty() && commits.read(target).isEmpty()) {
      throw ApiException.notFound(target.type(), target.name());
    }
    return new Answer.Plain(
        Written.Effect.CREATED,
        responder.respond(
            new Responder.Request(
                context.identity(),
                target.type(),
                target.subresource(),
                target.key(),
                new KubeObject(body.object()),
                options.dryRun())));
  }

  private Answer createOnSubresource(
      RequestContext context, Target target, Body body, WriteOptions options) {
    if (target.isFor("", "pods") && target.subresource().equals("binding")) {
      return bind(context, target, body.object(), options);
    }
    if (target.isFor("", "pods") && target.subresource().equals("eviction")) {
      return evict(context, target, body.object(), options);
    }
    throw ApiException.methodNotAllowed(
        "the server does not allow this method on the requested resource");
  }

  /** Source: registry/core/pod/storage/eviction.go of Kubernetes; there are no budgets yet. */
  private Answer evict(
      RequestContext context, Target target, JsonObject eviction, WriteOptions options) {
    String kind = eviction.string("kind").orElse("");
    if (!kind.isEmpty() && !kind.equals("Eviction")) {
      throw ApiException.badRequest(
          "no kind \"" + kind + "\" is registered for the eviction subresource: want \"Eviction\"");
    }
    if (!eviction.string("metadata", "name").orElse("").equals(target.name())) {
      throw ApiException.badRequest("name in URL does not match name in Eviction object");
    }
    JsonObject sent = eviction.object("deleteOptions");
    DeleteOptions how = DeleteBodies.of(sent);
    // kubectl drain asks for a dry run in the body
    boolean onlyTried = sent.array("dryRun").strings().anyMatch("All"::equals);
    removal.run(
        context,
        target.withSubresource(""),
        how,
        onlyTried ? WriteOptions.DryRun.ALL : options.dryRun());
    return new Answer.Success();
  }

  private Target podOf(Target binding, String name) {
    var pods = parts.registry().find("", "pods").orElseThrow(ApiException::notFound);
    return new Target(
        pods, pods.storedVersion(), new ObjectKey(binding.namespace(), name), "binding");
  }

  private Answer bind(
      RequestContext context, Target pod, JsonObject binding, WriteOptions options) {
    Optional<Written> bound =
        modification.run(
            context,
            pod,
            options,
            old ->
                new Modification.Proposal(
                    Bindings.bound(pod, old, binding, parts.clock().instant()), old));
    if (bound.isEmpty()) {
      throw ApiException.notFound(pod.type(), pod.name());
    }
    return new Answer.Success();
  }

  public Answer update(RequestContext context, Target target, Body body, WriteOptions options) {
    parts.gate().require(context, "update", target);
    requireVerb(target, "update");
    context.audit().asked(body.object());
    if (target.subresource().equals("scale")) {
      return scaled(
          context,
          target,
          options,
          old -> new Modification.Proposal(Scales.applied(target, old, body.object()), old));
    }
    KubeObject object =
        BodyRules.decode(context, target, body.object(), body.duplicates(), options.validation());
    requireFit(target, object);
    Optional<Written> written =
        modification.run(
            context,
            target,
            options,
            old -> new Modification.Proposal(merged(target, object, old), old));
    if (written.isPresent()) {
      return new Answer.Stored(written.get().effect(), written.get().object());
    }
    boolean mayCreate =
        target.definition().hooks().onUpdateOfMissing() == Hooks.OnMissing.CREATE
            && target.subresource().isEmpty();
    if (!mayCreate) {
      throw ApiException.notFound(target.type(), target.name());
    }
    parts.gate().require(context, "create", target);
    return new Answer.Stored(
        Written.Effect.CREATED,
        creation.run(context, target, object, options, Creation.Tracking.WRITE));
  }

  private KubeObject merged(Target target, KubeObject sent, KubeObject old) {
    return Subparts.merged(target, sent, old, parts.clock().instant());
  }

  private static void requireFit(Target target, KubeObject object) {
    if (!object.name().isEmpty() && !object.name().equals(target.name())) {
      throw Patching.nameMismatch(object.name(), target.name());
    }
    if (!object.namespace().isEmpty() && !object.namespace().equals(target.namespace())) {
      throw Patching.namespaceMismatch();
    }
  }

  public Answer patch(RequestContext context, Target target, Patch patch, WriteOptions options) {
    parts.gate().require(context, "patch", target);
    requireVerb(target, "patch");
    context.audit().patched(patch.body());
    if (target.subresource().equals("scale")) {
      return scaled(context, target, options, patching.scaleEdit(context, target, patch, options));
    }
    Modification.Edit edit = patching.edit(context, target, patch, options);
    Optional<Written> written =
        modification.run(
            context,
            target,
            options,
            old -> {
              Modification.Proposal proposal = edit.propose(old);
              return new Modification.Proposal(
                  merged(target, proposal.object(), old), proposal.trackFrom());
            });
    if (written.isPresent()) {
      return new Answer.Stored(written.get().effect(), written.get().object());
    }
    if (patch.type() != Patch.Type.APPLY || !target.subresource().isEmpty()) {
      throw ApiException.notFound(target.type(), target.name());
    }
    parts.gate().require(context, "create", target);
    KubeObject applied = patching.apply(context, target, Optional.empty(), patch, options);
    return new Answer.Stored(
        Written.Effect.CREATED,
        creation.run(context, target, applied, options, Creation.Tracking.APPLY));
  }

  private Answer scaled(
      RequestContext context, Target target, WriteOptions options, Modification.Edit scaling) {
    // the change is one of the object itself: its hooks see it as such
    Target whole = target.withSubresource("");
    Written written =
        modification
            .run(context, whole, target.subresource(), options, scaling)
            .orElseThrow(() -> ApiException.notFound(target.type(), target.name()));
    return new Answer.Plain(
        written.effect(), Scales.of(target, written.object().object(target.version().name())));
  }

  public Written delete(
      RequestContext context, Target target, DeleteOptions options, DryRun dryRun) {
    parts.gate().require(context, "delete", target);
    requireVerb(target, "delete");
    return removal.run(context, target, options, dryRun);
  }

  public void deleteCollection(
      RequestContext context,
      Target target,
      ListOptions selection,
      DeleteOptions options,
      DryRun dryRun)
      throws InterruptedException {
    parts.gate().require(context, "deletecollection", target);
    requireVerb(target, "deletecollection");
    for (StoredObject each : lists.list(target, selection).objects()) {
      KubeObject object = each.object();
      Target one = new Target(target.definition(), target.version(), object.key(), "");
      try {
        removal.run(context, one, options, dryRun);
      } catch (ApiException e) {
        if (!e.isNotFound()) {
          throw e;
        }
      }
    }
  }

  /**
   * Authorizes a connection to a subresource (exec, attach, portforward), asks the admission steps,
   * and gives the object it is about. Whoever comes with get must have the right to create too:
   * both do the same.
   */
  public KubeObject connect(RequestContext context, Target target, String verb) {
    KubeObject object = connectedTo(context, target, verb, () -> {});
    if (!verb.equals("create")) {
      parts.gate().require(context, "create", target);
    }
    admitConnection(context, target);
    return object;
  }

  /**
   * Authorizes a connection to a proxy subresource and asks the admission steps. The target's name
   * may have a scheme and a port to it, so no object is read.
   *
   * @param verb as the request's method says; empty for one that has none
   */
  public void connectThrough(RequestContext context, Target target, String verb) {
    parts.gate().require(context, verb, target);
    if (!verb.isEmpty()) {
      requireVerb(target, verb);
    }
    admitConnection(context, target);
  }

  private void admitConnection(RequestContext context, Target target) {
    parts
        .steps()
        .validate(
            new AdmissionRequest(
                AdmissionRequest.Operation.CONNECT,
                context.identity(),
                target.definition(),
                target.version().name(),
                target.key(),
                target.subresource(),
                Optional.empty(),
                Optional.empty(),
                DryRun.NONE,
                context.warnings()));
  }

  /**
   * As {@link #connect}, for what only reads (log): nothing is admitted.
   *
   * @param check of the request's parameters: of who has the right, before the object is read
   */
  public KubeObject readThrough(RequestContext context, Target target, Runnable check) {
    return connectedTo(context, target, "get", check);
  }

  private KubeObject connectedTo(
      RequestContext context, Target target, String verb, Runnable check) {
    parts.gate().require(context, verb, target);
    requireVerb(target, verb);
    check.run();
    return commits
        .read(target)
        .orElseThrow(() -> ApiException.notFound(target.type(), target.name()))
        .object(target.version().name());
  }

  private static void requireVerb(Target target, String verb) {
    java.util.List<String> verbs =
        target.subresource().isEmpty()
            ? target.version().verbs()
            : target
                .version()
                .subresource(target.subresource())
                .map(Subresource::verbs)
                .orElseThrow(ApiException::notFound);
    if (!verbs.contains(verb)) {
      throw ApiException.methodNotAllowed(
          "the server does not allow this method on the requested resource");
    }
  }
}
