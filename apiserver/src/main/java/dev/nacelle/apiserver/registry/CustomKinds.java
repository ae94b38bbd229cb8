package dev.nacelle.apiserver.registry;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.custom.CustomDefinitions;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.watch.WatchCaches;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the custom resource definitions: writes their status, and serves the kinds of those that
 * are established. One thread of its own is the only writer of the registry.
 */
public final class CustomKinds implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CustomKinds.class);
  private static final String CUSTOM_OBJECTS = "customresourcecleanup.apiextensions.k8s.io";
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final ApiClient client;
  private final LiveRegistry registry;
  private final WatchCaches caches;
  private final InstantSource clock;
  private final Informer definitions;
  private final BlockingQueue<Boolean> changes = new ArrayBlockingQueue<>(1);
  private final CountDownLatch served = new CountDownLatch(1);
  private final Thread thread;

  /** What is served of a definition, and from which state of it. */
  private record Served(String resourceVersion, JsonObject basis, ResourceDefinition definition) {}

  private Map<String, Served> serving = Map.of();

  public CustomKinds(
      ApiClient client, LiveRegistry registry, WatchCaches caches, InstantSource clock) {
    this.client = client;
    this.registry = registry;
    this.caches = caches;
    this.clock = clock;
    this.definitions = new Informer(client, Resources.CUSTOM_RESOURCE_DEFINITIONS, ListOptions.ALL);
    this.thread = Thread.ofVirtual().name("custom kinds").unstarted(this::run);
  }

  /** Begins to follow; {@link #awaitServed} waits for the first look. */
  public CustomKinds start() {
    definitions.listen((before, after) -> changes.offer(true));
    definitions.start();
    thread.start();
    return this;
  }

  /** Waits until the definitions that were there at the start are served. */
  public boolean awaitServed(Duration timeout) throws InterruptedException {
    return served.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Whether the definitions that were there at the start are served. */
  public boolean isServed() {
    return served.getCount() == 0;
  }

  private void run() {
    try {
      while (!definitions.awaitSync(Duration.ofSeconds(1))) {
        LOG.debug("the custom resource definitions are not listed yet");
      }
      boolean settled = true;
      while (true) {
        settled = look();
        served.countDown();
        if (settled) {
          changes.take();
        } else {
          changes.poll(AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("no longer following the custom resource definitions");
    }
  }

  /** Brings registry and status up to date; false if it must be tried again. */
  private boolean look() {
    var next = new TreeMap<String, Served>();
    boolean settled = true;
    List<KubeObject> all =
        definitions.all().stream()
            .sorted(
                Comparator.comparing(
                        (KubeObject o) -> o.creationTimestamp().orElse(java.time.Instant.EPOCH))
                    .thenComparing(KubeObject::name))
            .toList();
    for (KubeObject each : all) {
      KubeObject crd = each;
      try {
        JsonObject status = CustomDefinitions.planStatus(crd, registry.all(), clock.instant());
        if (!status.equals(crd.status())) {
          crd =
              client.update(
                  Resources.CUSTOM_RESOURCE_DEFINITIONS,
                  crd.withStatus(status),
                  WriteOptions.by("kube-apiserver").of("status"));
        }
        if (CustomDefinitions.isEstablished(crd)) {
          next.put(crd.name(), served(crd));
        }
        if (crd.isBeingDeleted() && crd.finalizers().contains(CUSTOM_OBJECTS)) {
          settled &= cleanUp(crd);
        }
      } catch (ApiException e) {
        // somebody else wrote it: the next event brings its new state
        settled &= e.isConflict() || e.isNotFound();
        LOG.debug("custom resource definition {}: {}", crd.name(), e.getMessage());
        Served before = serving.get(crd.name());
        if (before != null) {
          next.put(crd.name(), before);
        }
      } catch (RuntimeException e) {
        LOG.error("cannot serve custom resource definition {}", crd.name(), e);
      }
    }
    serve(next);
    return settled;
  }

  /** Deletes the objects of a kind that goes; true once there are none and the kind may go. */
  private boolean cleanUp(KubeObject crd) {
    Served kind = serving.get(crd.name());
    if (kind != null) {
      ResourceDefinition definition = kind.definition();
      var served = definition.versions().stream().filter(VersionDefinition::isServed).findFirst();
      if (served.isPresent()) {
        ResourceType type = definition.type(served.get().name());
        client.deleteCollection(type, ListOptions.ALL, DeleteOptions.DEFAULT);
        if (!client.list(type, ListOptions.ALL).items().isEmpty()) {
          return false;
        }
      }
    }
    List<String> rest = crd.finalizers().stream().filter(f -> !f.equals(CUSTOM_OBJECTS)).toList();
    client.update(
        Resources.CUSTOM_RESOURCE_DEFINITIONS,
        crd.withFinalizers(rest),
        WriteOptions.by("kube-apiserver"));
    return true;
  }

  private Served served(KubeObject crd) {
    JsonObject basis =
        crd.json().toBuilder()
            .put("status", crd.status().object("acceptedNames"))
            .put("metadata", JsonObject.builder().put("name", crd.name()).build())
            .build();
    Served before = serving.get(crd.name());
    return before != null && before.basis().equals(basis)
        ? before
        : new Served(crd.resourceVersion(), basis, CustomDefinitions.toDefinition(crd));
  }

  private void serve(Map<String, Served> next) {
    if (next.equals(serving)) {
      return;
    }
    var before = serving;
    serving = next;
    var kinds = new ArrayList<ResourceDefinition>();
    next.values().forEach(s -> kinds.add(s.definition()));
    registry.replaceCustom(kinds);
    before.forEach(
        (name, old) -> {
          Served now = next.get(name);
          if (now == null || now.definition() != old.definition()) {
            caches.drop(old.definition());
          }
        });
  }

  /** Stops to follow; what is served stays. */
  @Override
  public void close() {
    thread.interrupt();
    definitions.close();
  }
}
