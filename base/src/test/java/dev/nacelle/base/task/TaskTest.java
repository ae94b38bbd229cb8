package dev.nacelle.base.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskTest {
  @Test
  void joinedTasksHaveResults() throws Exception {
    try (var scope = TaskScope.open("test")) {
      var one = scope.fork(() -> 1);
      var two = scope.fork(() -> "two");
      scope.join();
      assertThat(one.result()).isEqualTo(1);
      assertThat(two.result()).isEqualTo("two");
    }
  }

  @Test
  void theFirstFailureCancelsTheOthersAndIsReported() {
    var interrupted = new AtomicBoolean();
    var begun = new CountDownLatch(1);
    try (var scope = TaskScope.open("test")) {
      scope.fork(
          () -> {
            begun.countDown();
            try {
              return new CountDownLatch(1).await(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
              interrupted.set(true);
              throw e;
            }
          });
      scope.fork(
          () -> {
            begun.await();
            throw new IOException("first");
          });
      assertThatThrownBy(scope::join)
          .isInstanceOf(TaskFailedException.class)
          .hasCauseInstanceOf(IOException.class);
    }
    assertThat(interrupted).isTrue();
  }

  @Test
  void closingAScopeWaitsForItsTasks() {
    var ended = new AtomicBoolean();
    var begun = new CountDownLatch(1);
    try (var scope = TaskScope.open("test")) {
      scope.fork(
          () -> {
            try {
              begun.countDown();
              return new CountDownLatch(1).await(1, TimeUnit.HOURS);
            } finally {
              ended.set(true);
            }
          });
      begun.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertThat(ended).isTrue();
  }

  @Test
  void nativeCallsRunOnPlatformThreadsAndKeepTheirExceptions() throws Exception {
    try (var calls = new NativeCalls("native", 1, 1)) {
      assertThat(calls.call(() -> Thread.currentThread().isVirtual())).isFalse();
      assertThatThrownBy(
              () ->
                  calls.call(
                      () -> {
                        throw new IOException("EIO");
                      }))
          .isInstanceOf(IOException.class)
          .hasMessage("EIO");
      Thread own = NativeCalls.callOnOwnThread("one-shot", Thread::currentThread);
      own.join();
      assertThat(own.getName()).isEqualTo("one-shot");
    }
  }

  @Test
  void aCallThatHasNotBegunCanBeInterrupted() throws Exception {
    var release = new CountDownLatch(1);
    var ran = new AtomicBoolean();
    try (var calls = new NativeCalls("native", 1, 5)) {
      var busy = new CountDownLatch(1);
      Thread first =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      calls.call(
                          () -> {
                            busy.countDown();
                            release.await();
                            return 0;
                          });
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  });
      busy.await();
      var outcome = new AtomicReference<Object>("none");
      Thread second =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      calls.call(() -> ran.getAndSet(true));
                    } catch (InterruptedException e) {
                      outcome.set(e);
                    }
                  });
      second.interrupt();
      second.join();
      assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
      release.countDown();
      first.join();
      assertThat(calls.call(() -> 1)).isEqualTo(1);
      assertThat(ran).isFalse();
    }
  }

  /** Moved by hand. */
  private static final class HandClock extends Clock {
    private volatile Instant now = Instant.EPOCH;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  @Test
  void timersRunInTheOrderOfTheirTimesAndNotWhenCancelled() throws Exception {
    var clock = new HandClock();
    var ran = new LinkedBlockingQueue<String>();
    try (var timers = new Timers("test", clock)) {
      timers.after(Duration.ofHours(2), () -> ran.add("late"));
      timers.after(Duration.ofHours(1), () -> ran.add("early"));
      assertThat(timers.after(Duration.ofMinutes(1), () -> ran.add("never")).cancel()).isTrue();
      clock.now = Instant.EPOCH.plus(Duration.ofMinutes(90));
      timers.clockMoved();
      assertThat(ran.poll(30, TimeUnit.SECONDS)).isEqualTo("early");
      clock.now = Instant.EPOCH.plus(Duration.ofHours(3));
      timers.clockMoved();
      assertThat(ran.poll(30, TimeUnit.SECONDS)).isEqualTo("late");
      assertThat(ran).isEmpty();
    }
  }

  @Test
  void backoffGrowsToItsBoundAndIsSpread() {
    var backoff = new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(5), 2, 0);
    var random = new Random(1);
    assertThat(backoff.delayAfter(1, random)).isEqualTo(Duration.ofSeconds(10));
    assertThat(backoff.delayAfter(3, random)).isEqualTo(Duration.ofSeconds(40));
    assertThat(backoff.delayAfter(1000, random)).isEqualTo(Duration.ofMinutes(5));
    var spread = new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(5), 2, 0.5);
    assertThat(spread.delayAfter(1, random))
        .isBetween(Duration.ofSeconds(10), Duration.ofSeconds(15));
  }
}
