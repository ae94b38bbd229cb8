package dev.nacelle.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.scheduler.cluster.PendingPod;
import dev.nacelle.scheduler.plugin.ClusterEvent;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class SchedulingQueueTest {
  private Instant now = Instant.EPOCH;
  private final SchedulingQueue queue =
      new SchedulingQueue(() -> now, filter -> Set.of(ClusterEvent.NODE_ADDED));

  private static PendingPod pod(String name, int priority) {
    return PendingPod.of(
        new KubeObject(
            (JsonObject)
                YamlReader.read(
                    Bytes.utf8(
                        "{metadata: {name: %s, uid: %s}, spec: {priority: %d}}"
                            .formatted(name, name, priority)))));
  }

  private SchedulingQueue.Entry take() throws InterruptedException {
    return queue.take().orElseThrow();
  }

  private String next() throws InterruptedException {
    return take().pod().uid();
  }

  @Test
  void theMoreImportantGoesFirstThenTheEarlier() throws InterruptedException {
    queue.put(pod("a", 0));
    queue.put(pod("b", 5));
    queue.put(pod("c", 0));
    queue.put(pod("d", 5));
    assertThat(next() + next() + next() + next()).isEqualTo("bdac");
  }

  @Test
  void aRemovedPodDoesNotCome() throws InterruptedException {
    queue.put(pod("a", 1));
    queue.put(pod("b", 0));
    queue.remove("a");
    assertThat(next()).isEqualTo("b");
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void aRefusedPodWaitsForAnEventThatCuresIt() throws InterruptedException {
    queue.put(pod("a", 1));
    queue.refuse(take(), Set.of("Fit"));
    queue.put(pod("b", 0));
    queue.happened(ClusterEvent.NODE_TAINTS);
    now = now.plusSeconds(20);
    assertThat(next()).isEqualTo("b");
    queue.put(pod("c", 0));
    queue.happened(ClusterEvent.NODE_ADDED);
    assertThat(next()).isEqualTo("a");
  }

  @Test
  void anEventDuringTheDecisionIsNotLost() throws InterruptedException {
    queue.put(pod("a", 1));
    var taken = take();
    queue.happened(ClusterEvent.NODE_ADDED);
    queue.refuse(taken, Set.of("Fit"));
    now = now.plusSeconds(1);
    assertThat(next()).isEqualTo("a");
  }

  @Test
  void aNodeThatComesWhileThereWereNoneIsNotLost() throws InterruptedException {
    queue.put(pod("a", 1));
    var taken = take();
    queue.happened(ClusterEvent.NODE_ADDED);
    queue.refuse(taken, Set.of());
    now = now.plusSeconds(2);
    assertThat(next()).isEqualTo("a");
  }

  @Test
  void aFailedPodComesAfterItsBackoff() throws InterruptedException {
    queue.put(pod("a", 1));
    queue.retry(take());
    queue.put(pod("b", 0));
    assertThat(next()).isEqualTo("b");
    now = now.plusSeconds(1);
    assertThat(next()).isEqualTo("a");
  }

  @Test
  void aRefusedPodComesAgainAfterFiveMinutesAtMost() throws InterruptedException {
    queue.put(pod("a", 1));
    queue.refuse(take(), Set.of("Fit"));
    now = now.plusSeconds(301);
    assertThat(next()).isEqualTo("a");
  }

  @Test
  void aClosedQueueGivesNothing() throws InterruptedException {
    queue.close();
    assertThat(queue.take()).isEmpty();
  }
}
