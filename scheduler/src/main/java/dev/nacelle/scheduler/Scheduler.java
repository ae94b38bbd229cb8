package dev.nacelle.scheduler;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.task.Threads;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.scheduler.cluster.ClusterState;
import dev.nacelle.scheduler.cluster.NodeInfo;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.cluster.PodFacts;
import dev.nacelle.scheduler.plugin.ClusterEvent;
import dev.nacelle.scheduler.plugin.FilterPlugin;
import dev.nacelle.scheduler.plugin.Plugins;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches pods and nodes, decides one pod after the other, and binds beside the decisions. Pods
 * whose {@code schedulerName} is another's are left alone.
 */
public final class Scheduler implements AutoCloseable {
  static final String NAME = "default-scheduler";
  private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

  private final ClusterState state = new ClusterState();
  private final SchedulingQueue queue;
  private final Informer nodes;
  private final Informer pods;
  private final EventRecorder events;
  private final PodWrites writes;
  private final SplittableRandom random = new SplittableRandom();
  private final Threads threads = new Threads("scheduler");
  private int start;
  private volatile Optional<Thread> loop = Optional.empty();

  private Scheduler(ApiClient client, Informers informers, InstantSource clock, Timeline timeline) {
    Map<String, Set<ClusterEvent>> cures = new HashMap<>();
    for (FilterPlugin filter : Plugins.ALL.filters()) {
      cures.put(filter.name(), filter.cures());
    }
    this.queue = new SchedulingQueue(clock, name -> cures.getOrDefault(name, Set.of()));
    this.nodes = informers.of(Resources.NODES);
    this.pods = informers.of(Resources.PODS);
    this.events = new EventRecorder(client, NAME, "", clock);
    this.writes = new PodWrites(client, events, state, queue, timeline, clock);
  }

  /**
   * Starts to schedule.
   *
   * @param base is spoken to as {@code system:kube-scheduler}
   * @param timeline gets the mark {@code scheduled} of each pod, by its UID
   */
  public static Scheduler start(
      ApiClient base, Informers informers, InstantSource clock, Timeline timeline) {
    ApiClient client = base.as(Identity.of("system:kube-scheduler", Identity.AUTHENTICATED));
    var scheduler = new Scheduler(client, informers, clock, timeline);
    scheduler.nodes.listen(scheduler::nodeChanged);
    scheduler.pods.listen(scheduler::podChanged);
    // decisions compute for long in large clusters: not on the carriers of the virtual threads
    scheduler.loop = Optional.of(scheduler.threads.startPlatform("cycle", scheduler::run));
    return scheduler;
  }

  /** How many pods wait for a node. */
  public int pending() {
    return queue.size();
  }

  /** Ends the decisions; binds that are under way end by themselves. */
  @Override
  public void close() {
    queue.close();
    loop.ifPresent(Thread::interrupt);
    writes.close();
    events.close();
  }

  private void run() {
    try {
      for (var next = queue.take(); next.isPresent(); next = queue.take()) {
        try {
          schedule(next.get());
        } catch (RuntimeException e) {
          LOG.error("cannot schedule {}", next.get().pod().key(), e);
          queue.retry(next.get());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void schedule(SchedulingQueue.Entry entry) throws InterruptedException {
    PendingPod pod = entry.pod();
    if (state.isPlaced(pod.uid())) {
      return;
    }
    var snapshot = state.snapshot();
    var sample = new Placement.Sample(start);
    switch (Placement.of(pod, snapshot, Plugins.ALL, sample, random)) {
      case Placement.OnNode found -> {
        start = (start + Placement.Sample.enough(snapshot.nodes().size())) & Integer.MAX_VALUE;
        state.place(pod.facts(), found.node());
        writes.bind(entry, found.node());
      }
      case Placement.Nowhere nowhere -> {
        nowhere.preemption().ifPresent(p -> state.nominate(pod.facts(), p.node()));
        queue.refuse(entry, nowhere.refusers());
        writes.refused(entry, nowhere);
      }
    }
  }

  private void nodeChanged(Optional<KubeObject> before, Optional<KubeObject> after) {
    if (after.isEmpty()) {
      before.ifPresent(node -> state.removeNode(node.name()));
      return;
    }
    NodeInfo now = NodeInfo.of(after.get());
    if (before.isEmpty()) {
      state.putNode(now);
      queue.happened(ClusterEvent.NODE_ADDED);
      return;
    }
    NodeInfo then = NodeInfo.of(before.get());
    if (then.equals(now)) {
      return; // a heartbeat
    }
    state.putNode(now);
    if (!then.labels().equals(now.labels())) {
      queue.happened(ClusterEvent.NODE_LABELS);
    }
    if (!then.taints().equals(now.taints()) || then.unschedulable() != now.unschedulable()) {
      queue.happened(ClusterEvent.NODE_TAINTS);
    }
    if (!then.allocatable().equals(now.allocatable()) || then.maxPods() != now.maxPods()) {
      queue.happened(ClusterEvent.NODE_RESOURCES);
    }
  }

  private void podChanged(Optional<KubeObject> before, Optional<KubeObject> after) {
    if (before.isPresent() && (after.isEmpty() || !after.get().uid().equals(before.get().uid()))) {
      gone(before.get());
    }
    if (after.isEmpty()) {
      return;
    }
    KubeObject pod = after.get();
    String node = nodeName(pod);
    if (isFinished(pod)) {
      gone(pod);
    } else if (!node.isEmpty()) {
      boolean isNew = before.isEmpty() || nodeName(before.get()).isEmpty();
      queue.remove(pod.uid());
      if (isNew || weighsOtherwise(before.get(), pod)) {
        state.place(PodFacts.of(pod), node);
        queue.happened(ClusterEvent.POD_PLACED);
      }
    } else if (isOurs(pod)) {
      PendingPod pending = PendingPod.of(pod);
      if (!pending.nominatedNode().isEmpty() && !state.isPlaced(pod.uid())) {
        state.nominate(pending.facts(), pending.nominatedNode());
      }
      queue.put(pending);
    } else {
      gone(pod);
    }
  }

  private static boolean weighsOtherwise(KubeObject before, KubeObject after) {
    return !before.spec().equals(after.spec())
        || !before.labels().equals(after.labels())
        || before.isBeingDeleted() != after.isBeingDeleted()
        || !before.status().get("startTime").equals(after.status().get("startTime"));
  }

  private void gone(KubeObject pod) {
    queue.remove(pod.uid());
    boolean weighed = state.isPlaced(pod.uid());
    state.removePod(pod.uid());
    if (weighed) {
      queue.happened(ClusterEvent.POD_REMOVED);
    }
  }

  private static boolean isOurs(KubeObject pod) {
    return !pod.isBeingDeleted()
        && pod.spec().array("schedulingGates").isEmpty()
        && pod.spec().string("schedulerName").filter(s -> !s.isEmpty()).orElse(NAME).equals(NAME);
  }

  private static boolean isFinished(KubeObject pod) {
    String phase = pod.status().string("phase").orElse("");
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  private static String nodeName(KubeObject pod) {
    return pod.spec().string("nodeName").orElse("");
  }
}
