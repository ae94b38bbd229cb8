package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class TurnsTest {
  private final Turns turns = new Turns(1);

  private Thread waiting(Turns.Turn turn, Runnable then) {
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    turn.begin();
                    then.run();
                    turn.end();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    return thread;
  }

  @Test
  void turnsComeInTheOrderInWhichTheyAreAskedFor() throws InterruptedException {
    Turns.Turn first = turns.turn();
    first.begin();
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    Thread second = waiting(turns.turn(), () -> order.add("second"));
    Thread third = waiting(turns.turn(), () -> order.add("third"));
    first.end();
    second.join();
    third.join();
    assertThat(order).containsExactly("second", "third");
  }

  @Test
  void whatSomebodyWaitsForDoesNotTakeATurn() throws InterruptedException {
    Turns.Turn first = turns.turn();
    first.begin();
    Turns.Turn wanted = turns.turn();
    wanted.hurry();
    wanted.begin();
    wanted.end();
    first.end();
  }

  @Test
  void whatIsWantedMeanwhileWaitsNoLonger() throws InterruptedException {
    Turns.Turn first = turns.turn();
    first.begin();
    Turns.Turn wanted = turns.turn();
    Thread thread = waiting(wanted, () -> {});
    wanted.hurry();
    thread.join();
    first.end();
  }

  @Test
  void whoNeverEndsItsTurnDoesNotStopTheOthers() throws InterruptedException {
    turns.turn().begin();
    turns.turn().begin();
  }

  @Test
  void anInterruptedOneLeavesItsPlaceToTheNext() throws InterruptedException {
    Turns.Turn first = turns.turn();
    first.begin();
    Thread second = waiting(turns.turn(), () -> {});
    var done = new CountDownLatch(1);
    Thread third = waiting(turns.turn(), done::countDown);
    second.interrupt();
    second.join();
    first.end();
    done.await();
    third.join();
  }
}
