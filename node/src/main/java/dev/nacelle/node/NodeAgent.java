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
import dev.nacelle.runtime.SandboxStatus;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The agent of one host. Made after {@link #join}. After {@link #start} what an earlier process ran
 * is adopted, the pods bound to this host run, and the node is Ready. Owns one worker per pod;
 * {@link #close} ends the workers and leaves the pods running.
 */
public final class NodeAgent implements AutoCloseable {
  private static final Duration SYNC = Duration.ofSeconds(30);

  private final NodeServices services;
  private final NodeRegistration registration;
  private final Informer pods;
  private final Informer serviceObjects;
  private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
  private final RuntimeFollower follower;
  private final ImageCollection collection;
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
            new Volumes(config.directory(), client, images, clock),
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
    this.follower =
        new RuntimeFollower(
            services, uid -> Optional.ofNullable(workers.get(uid)), registration::node);
    this.collection =
        new ImageCollection(
            images,
            this::pods,
            (reason, message) -> services.events().warning(registration.node(), reason, message));
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
    collection.start(); // first: who pulls may need room, and only now are the pods known
    adopt();
    follower.start();
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

  /** The pods bound to this host, kept up to date. */
  public Informer podInformer() {
    return pods;
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
    collection.close();
    follower.close();
    workers.values().forEach(PodWorker::stop);
    services.references().close();
    services.events().close();
  }

  /** Starts workers for what runs here already; what belongs to no pod any more is released. */
  private void adopt() {
    List<SandboxStatus> sandboxes = services.runtime().sandboxes();
    List<ContainerStatus> containers = services.runtime().containers();
    Map<String, List<SandboxStatus>> sandboxesOf =
        sandboxes.stream().collect(Collectors.groupingBy(s -> RuntimeFollower.uid(s.labels())));
    Map<String, List<ContainerStatus>> containersOf =
        containers.stream().collect(Collectors.groupingBy(c -> RuntimeFollower.uid(c.labels())));
    Map<String, KubeObject> bound =
        pods.all().stream().collect(Collectors.toMap(KubeObject::uid, p -> p));
    services.datapath().retain(Set.copyOf(bound.keySet()));
    bound.forEach(
        (uid, pod) -> {
          var worker = new PodWorker(services, new PodView(pod), this::ended);
          worker.adopt(
              sandboxesOf.getOrDefault(uid, List.of()), containersOf.getOrDefault(uid, List.of()));
          begin(pod, worker);
        });
    new Orphans(services).release(bound.keySet(), sandboxes, containers);
  }

  /** Takes a pod that is new here, or refuses it. */
  private void admit(KubeObject pod) {
    var worker = new PodWorker(services, new PodView(pod), this::ended);
    boolean isNew =
        pod.status().string("startTime").isEmpty()
            && !pod.isBeingDeleted()
            && !new PodView(pod).isFinished();
    if (isNew) {
      List<KubeObject> others =
          workers.values().stream()
              .filter(PodWorker::isActive)
              .map(w -> w.pod().object())
              .filter(o -> !o.uid().equals(pod.uid()))
              .toList();
      Admission.check(pod, others, registration.capacity())
          .ifPresent(
              refusal -> {
                services.events().warning(pod, refusal.reason(), refusal.message());
                worker.reject(refusal.reason(), refusal.message());
              });
    }
    begin(pod, worker);
  }

  private void begin(KubeObject pod, PodWorker worker) {
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
            admit(pod);
          }
        });
  }

  private void ended(String uid) {
    workers.remove(uid);
  }
}
