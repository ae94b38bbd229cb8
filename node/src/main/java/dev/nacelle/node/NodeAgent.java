package dev.nacelle.node;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.image.ImageStore;
import dev.nacelle.network.Datapath;
import dev.nacelle.node.pod.NodeServices;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.pod.PodWorker;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.start.PodFiles;
import dev.nacelle.node.start.ReferenceWatches;
import dev.nacelle.node.volume.Volumes;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.RuntimeEvents;
import dev.nacelle.runtime.SandboxStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent of one host. Made after {@link #join}. After {@link #start} what an earlier process ran
 * is adopted, the pods bound to this host run, and the node is Ready. Owns one worker per pod;
 * {@link #close} ends the workers and leaves the pods running.
 */
public final class NodeAgent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeAgent.class);
  private static final Duration SYNC = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofSeconds(5);

  private final NodeServices services;
  private final NodeRegistration registration;
  private final Informer pods;
  private final Informer serviceObjects;
  private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
  private final Map<ObjectKey, String> uids = new ConcurrentHashMap<>();
  private final RuntimeEvents events;
  private final Thread eventThread;
  private volatile boolean closed;

  /** With metrics of its own, for a node that nobody scrapes. */
  public NodeAgent(
      NodeConfig config,
      ApiClient client,
      ContainerRuntime runtime,
      ImageStore images,
      Datapath datapath,
      Informer serviceObjects,
      Timeline timeline,
      InstantSource clock) {
    this(
        config,
        client,
        runtime,
        images,
        datapath,
        serviceObjects,
        timeline,
        new NodeMetrics(new Metrics()),
        clock);
  }

  /**
   * @param serviceObjects the shared informer of Services, for the variables that tell of them;
   *     synced before pods start
   */
  public NodeAgent(
      NodeConfig config,
      ApiClient client,
      ContainerRuntime runtime,
      ImageStore images,
      Datapath datapath,
      Informer serviceObjects,
      Timeline timeline,
      NodeMetrics metrics,
      InstantSource clock) {
    this.serviceObjects = serviceObjects;
    this.services =
        new NodeServices(
            config,
            client,
            runtime,
            images,
            datapath,
            new Volumes(config.directory(), client, clock),
            new PodFiles(
                config.directory().resolve("pods"), config.serviceDns(), config.clusterDomain()),
            new ContainerStart(serviceObjects::inNamespace),
            new ReferenceWatches(client),
            new EventRecorder(client, "kubelet", config.name(), clock),
            timeline,
            metrics,
            clock);
    this.registration = new NodeRegistration(config, client, runtime, images, clock);
    this.pods =
        new Informer(
            client,
            Resources.PODS,
            ListOptions.ALL.withFieldSelector("spec.nodeName=" + config.name()));
    this.events = runtime.events();
    this.eventThread = Thread.ofVirtual().name("node events").unstarted(this::followRuntime);
  }

  /**
   * Makes this host's Node object, if there is none, and waits until the cluster has given it a
   * range of pod addresses.
   *
   * @return {@code spec.podCIDR}
   * @throws IllegalStateException if none was given in time
   */
  public static String join(NodeConfig config, ApiClient client, Duration timeout)
      throws InterruptedException {
    NodeRegistration.ensureNode(config, client);
    long end = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < end) {
      Optional<String> range =
          client
              .get(Resources.NODES, ObjectKey.cluster(config.name()))
              .spec()
              .string("podCIDR")
              .filter(r -> !r.isEmpty());
      if (range.isPresent()) {
        return range.get();
      }
      Thread.sleep(5);
    }
    throw new IllegalStateException(
        "node " + config.name() + " was given no pod range in " + timeout.toSeconds() + " s");
  }

  /**
   * Takes up the node's pods and reports it as ready.
   *
   * @throws IllegalStateException if the API does not answer in time
   */
  public void start() throws InterruptedException {
    pods.start();
    if (!pods.awaitSync(SYNC) || !serviceObjects.awaitSync(SYNC)) {
      throw new IllegalStateException("cannot start the node: its pods could not be listed");
    }
    adopt();
    eventThread.start();
    pods.listen(this::changed);
    registration.ready();
  }

  /** What this node's parts share, for the node endpoint. */
  public NodeServices services() {
    return services;
  }

  /** The pod of that key on this host, as its worker sees it. */
  public Optional<PodView> pod(ObjectKey key) {
    return pods.get(key).map(PodView::new);
  }

  /** The pods on this host. */
  public List<PodView> pods() {
    return pods.all().stream().map(PodView::new).toList();
  }

  @Override
  public void close() {
    closed = true;
    pods.close();
    registration.close();
    eventThread.interrupt();
    events.close();
    workers.values().forEach(PodWorker::stop);
    services.references().close();
    services.events().close();
  }

  /** Starts workers for what runs here already; what belongs to no pod any more is released. */
  private void adopt() {
    Map<String, List<SandboxStatus>> sandboxes =
        services.runtime().sandboxes().stream()
            .collect(Collectors.groupingBy(s -> uid(s.labels())));
    Map<String, List<ContainerStatus>> containers =
        services.runtime().containers().stream()
            .collect(Collectors.groupingBy(c -> uid(c.labels())));
    Map<String, KubeObject> bound =
        pods.all().stream().collect(Collectors.toMap(KubeObject::uid, p -> p));
    services.datapath().retain(Set.copyOf(bound.keySet()));
    bound.forEach(
        (uid, pod) ->
            begin(
                pod,
                sandboxes.getOrDefault(uid, List.of()),
                containers.getOrDefault(uid, List.of())));
    Stream.concat(sandboxes.keySet().stream(), containers.keySet().stream())
        .distinct()
        .filter(uid -> !bound.containsKey(uid))
        .forEach(
            uid ->
                releaseOrphan(
                    uid,
                    sandboxes.getOrDefault(uid, List.of()),
                    containers.getOrDefault(uid, List.of())));
  }

  private void begin(
      KubeObject pod, List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    var worker = new PodWorker(services, new PodView(pod), this::ended);
    worker.adopt(sandboxes, containers);
    uids.put(pod.key(), pod.uid());
    workers.put(pod.uid(), worker);
    worker.start();
  }

  private void changed(Optional<KubeObject> before, Optional<KubeObject> after) {
    if (closed) {
      return;
    }
    before
        .filter(b -> after.filter(a -> a.uid().equals(b.uid())).isEmpty())
        .map(b -> workers.get(b.uid()))
        .ifPresent(
            worker -> {
              before.ifPresent(b -> worker.update(new PodView(b)));
              worker.gone();
            });
    after.ifPresent(
        pod -> {
          PodWorker worker = workers.get(pod.uid());
          if (worker != null) {
            worker.update(new PodView(pod));
          } else {
            services.timeline().mark(pod.uid(), "bound");
            begin(pod, List.of(), List.of());
          }
        });
  }

  private void ended(String uid) {
    PodWorker worker = workers.remove(uid);
    if (worker != null) {
      uids.remove(worker.pod().object().key(), uid);
    }
  }

  private void releaseOrphan(
      String uid, List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    LOG.info("pod {} is no more: releasing what it left", uid);
    Thread.ofVirtual()
        .name("orphan " + uid)
        .start(
            () -> {
              try {
                for (ContainerStatus container : containers) {
                  services.runtime().removeContainer(container.id());
                  services.images().unmount(container.id());
                }
                sandboxes.forEach(s -> services.runtime().removeSandbox(s.id()));
                services.datapath().detach(uid);
                services.volumes().cleanup(uid);
              } catch (RuntimeException | IOException e) {
                LOG.warn("pod {} is not all released: {}", uid, e.toString());
              }
            });
  }

  private void followRuntime() {
    try {
      while (!closed) {
        Optional<RuntimeEvent> event = events.next(POLL);
        event.ifPresent(this::handle);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void handle(RuntimeEvent event) {
    switch (event) {
      case RuntimeEvent.ContainerExited exited -> tell(exited.status());
      case RuntimeEvent.FirstOutput output ->
          output
              .status()
              .firstOutputAt()
              .ifPresent(
                  at -> services.timeline().mark(uid(output.status().labels()), "firstOutput", at));
      case RuntimeEvent.MonitorReplaced replaced -> {
        LOG.warn(
            "monitor of container {} was replaced: {}", replaced.containerId(), replaced.message());
        services
            .runtime()
            .container(replaced.containerId())
            .map(c -> workers.get(uid(c.labels())))
            .ifPresent(
                worker ->
                    services
                        .events()
                        .warning(
                            worker.pod().object(),
                            "MonitorReplaced",
                            "The monitor of a container died and was replaced: "
                                + replaced.message()));
      }
      case RuntimeEvent.KeeperReplaced replaced -> {
        LOG.warn("keeper was replaced: {}", replaced.message());
        services
            .events()
            .warning(
                registration.node(),
                "KeeperReplaced",
                "The keeper died and was replaced: " + replaced.message());
      }
      case RuntimeEvent.EventsDropped dropped ->
          services.runtime().containers().forEach(this::tell);
    }
  }

  private void tell(ContainerStatus status) {
    PodWorker worker = workers.get(uid(status.labels()));
    if (worker != null) {
      worker.container(status);
    }
  }

  private static String uid(Map<String, String> labels) {
    return labels.getOrDefault(ContainerStart.LABEL_POD_UID, "");
  }
}
