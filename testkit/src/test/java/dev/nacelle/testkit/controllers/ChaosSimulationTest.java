package dev.nacelle.testkit.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Deployment, ReplicaSet and scheduler at work while templates change, pods die, watches stall and
 * writes fail. {@code -Dnacelle.chaos.seed} and {@code -Dnacelle.chaos.count} choose other seeds.
 */
@Timeout(180)
final class ChaosSimulationTest {
  private static final ObjectKey WEB = new ObjectKey("default", "web");
  private static final int REPLICAS = 5;
  private static final int SURGE = 2;

  private enum Watches {
    PROMPT,
    STALLING
  }

  private static LongStream seeds() {
    return LongStream.range(0, Integer.getInteger("nacelle.chaos.count", 6))
        .map(n -> n + Long.getLong("nacelle.chaos.seed", 1));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void rolloutsStayWithinTheirSurge(long seed) throws InterruptedException {
    assertThat(play(seed, Watches.PROMPT)).as("seed %d", seed).isEmpty();
  }

  /** Caches that are far behind cost the bound, as they do upstream; never the result. */
  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void rolloutsConvergeThoughTheirCachesAreBehind(long seed) throws InterruptedException {
    play(seed, Watches.STALLING);
  }

  /** What went beyond the surge. */
  private static List<String> play(long seed, Watches watches) throws InterruptedException {
    var random = new Random(seed);
    List<String> broken = Collections.synchronizedList(new ArrayList<>());
    try (var cluster = new TestCluster()) {
      cluster.nodes.addNode("n1", "a", 20);
      cluster.nodes.addNode("n2", "b", 20);
      var faults = new Random(seed + 1);
      cluster.api.beforeWrites(
          write -> {
            String writer = Thread.currentThread().getName();
            boolean spared = writer.equals("main") || writer.equals("fake nodes");
            synchronized (faults) {
              if (!spared && faults.nextInt(10) == 0) {
                throw ApiException.unavailable("chaos");
              }
            }
            if (write.verb().equals("create") && write.type().equals(Resources.PODS)) {
              long active = active(cluster.pods());
              if (active >= REPLICAS + SURGE) {
                broken.add(active + " active pods before another is created");
              }
            }
          });
      cluster.create(
          Resources.DEPLOYMENTS,
          """
          {metadata: {name: web, namespace: default},
           spec: {replicas: %d, selector: {matchLabels: {app: web}},
            strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: %d, maxUnavailable: 1}},
            template: {metadata: {labels: {app: web}},
             spec: {containers: [{name: c, image: v0}]}}}}"""
              .formatted(REPLICAS, SURGE));
      for (int step = 1; step <= 25; step++) {
        disturb(cluster, random, watches, step);
        int pause = random.nextInt(30);
        boolean never = cluster.api.await(() -> false, Duration.ofMillis(pause));
        assertThat(never).isFalse();
      }
      cluster.api.release();
      cluster.await(
          "seed " + seed + " converges",
          () ->
              cluster.readyPods() == REPLICAS
                  && active(cluster.pods()) == REPLICAS
                  && onlyOneActiveSet(cluster));
    }
    return List.copyOf(broken);
  }

  private static boolean onlyOneActiveSet(TestCluster cluster) {
    return cluster.api.all(Resources.REPLICA_SETS).stream()
            .filter(s -> s.spec().integer("replicas").orElse(0) > 0)
            .count()
        == 1;
  }

  private static long active(List<KubeObject> pods) {
    return pods.stream().filter(p -> !p.isBeingDeleted()).count();
  }

  private static void disturb(TestCluster cluster, Random random, Watches watches, int step) {
    switch (random.nextInt(watches == Watches.STALLING ? 4 : 2)) {
      case 0 ->
          cluster.api.patch(
              Resources.DEPLOYMENTS,
              WEB,
              Patch.merge(
                  TestCluster.object(
                          "{spec: {template: {spec: {containers: [{name: c, image: v"
                              + step
                              + "}]}}}}")
                      .json()),
              TestCluster.USER);
      case 1 -> {
        List<KubeObject> pods = cluster.pods();
        if (!pods.isEmpty()) {
          kill(cluster, pods.get(random.nextInt(pods.size())));
        }
      }
      case 2 -> cluster.api.hold();
      default -> cluster.api.release();
    }
  }

  private static void kill(TestCluster cluster, KubeObject pod) {
    try {
      cluster.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.onlyUid(pod.uid()));
    } catch (ApiException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        throw e;
      }
    }
  }
}
