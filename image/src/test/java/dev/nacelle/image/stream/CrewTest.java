package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Who works for a layer that is closed. */
final class CrewTest {
  @Test
  void closingInterruptsAGuestsWorkAndNotWhatItDoesNext() throws Exception {
    var crew = new Crew("test");
    var working = new CountDownLatch(1);
    var interrupted = new AtomicBoolean();
    var interruptedLater = new AtomicBoolean(true);
    Thread guest =
        Thread.ofPlatform()
            .start(
                () -> {
                  crew.workHere(
                      () -> {
                        working.countDown();
                        try {
                          new CountDownLatch(1).await();
                        } catch (InterruptedException e) {
                          interrupted.set(true);
                          Thread.currentThread().interrupt();
                        }
                      });
                  interruptedLater.set(Thread.currentThread().isInterrupted());
                });
    working.await();
    crew.close();
    guest.join();
    assertThat(interrupted).isTrue();
    assertThat(interruptedLater).isFalse();
  }
}
