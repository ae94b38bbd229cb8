package dev.nacelle.api.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.ObjectKey;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class WorkQueueTest {
  private static final ObjectKey A = ObjectKey.cluster("a");
  private static final ObjectKey B = ObjectKey.cluster("b");

  private final WorkQueue queue = new WorkQueue(Duration.ofSeconds(1));

  @Test
  void aKeyWaitsOnce() throws InterruptedException {
    queue.add(A);
    queue.add(A);
    queue.add(B);
    assertThat(queue.depth()).isEqualTo(2);
    assertThat(queue.take()).contains(A);
    assertThat(queue.take()).contains(B);
  }

  @Test
  void aKeyThatIsWorkedOnComesAgainAfterwards() throws InterruptedException {
    queue.add(A);
    queue.take();
    queue.add(A);
    queue.add(B);
    assertThat(queue.take()).contains(B);
    queue.done(A);
    assertThat(queue.take()).contains(A);
  }

  @Test
  void aDelayedKeyComesInTime() throws InterruptedException {
    queue.addAfter(B, Duration.ofMillis(30));
    queue.addAfter(A, Duration.ofMillis(5));
    assertThat(queue.take()).contains(A);
    assertThat(queue.take()).contains(B);
  }

  @Test
  void ofSeveralDelaysTheShortestCounts() throws InterruptedException {
    queue.addAfter(A, Duration.ofHours(1));
    queue.addAfter(A, Duration.ofMillis(5));
    assertThat(queue.take()).contains(A);
  }

  @Test
  void aDelayedKeyIsNotHeldUpByABusyWorker() throws InterruptedException {
    var taken = ConcurrentHashMap.<ObjectKey>newKeySet();
    var firstTaken = new CountDownLatch(1);
    var bothTaken = new CountDownLatch(2);
    var release = new CountDownLatch(1);
    for (int i = 0; i < 2; i++) {
      Thread.startVirtualThread(
          () -> {
            try {
              taken.add(queue.take().orElseThrow());
              firstTaken.countDown();
              bothTaken.countDown();
              release.await(); // a reconciliation that takes long
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    queue.addAfter(B, Duration.ofMillis(50));
    queue.add(A);
    assertThat(firstTaken.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(bothTaken.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(taken).containsExactlyInAnyOrder(A, B);
    release.countDown();
  }

  @Test
  void aClosedQueueWakesItsTakers() throws InterruptedException {
    var ended = new CountDownLatch(1);
    Thread.startVirtualThread(
        () -> {
          try {
            if (queue.take().isEmpty()) {
              ended.countDown();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    queue.close();
    assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aFailedReconciliationIsTriedAgainAndOneKeyIsNeverWorkedOnTwice()
      throws InterruptedException {
    var attempts = new AtomicInteger();
    Set<ObjectKey> working = ConcurrentHashMap.newKeySet();
    var overlaps = new AtomicInteger();
    var succeeded = new CountDownLatch(1);
    Reconciler reconciler =
        key -> {
          if (!working.add(key)) {
            overlaps.incrementAndGet();
          }
          try {
            if (attempts.incrementAndGet() < 4) {
              throw new IllegalStateException("not yet");
            }
            succeeded.countDown();
            return Outcome.SETTLED;
          } finally {
            working.remove(key);
          }
        };
    try (var loop = new ReconcileLoop("test", reconciler, 4).start()) {
      loop.enqueue(A);
      loop.enqueue(A);
      assertThat(succeeded.await(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(overlaps).hasValue(0);
  }

  @Test
  void aReconciliationCanAskToBeCalledAgain() throws InterruptedException {
    var calls = new CountDownLatch(3);
    Reconciler reconciler =
        key -> {
          calls.countDown();
          return Outcome.checkAgain(Duration.ofMillis(1));
        };
    try (var loop = new ReconcileLoop("test", reconciler, 1).start()) {
      loop.enqueue(A);
      assertThat(calls.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }
}
