package dev.nacelle.node.pod;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PodMailboxTest {
  private final PodMailbox mailbox = new PodMailbox();

  @Test
  void mailIsTakenOnceAndTheNewestOfEachThing() throws Exception {
    mailbox.pod(Pods.pod("hostname: one"));
    mailbox.pod(Pods.pod("hostname: two"));
    mailbox.hook("id", Optional.of("no"));
    PodMailbox.Mail mail = mailbox.take(Duration.ofHours(1));
    assertThat(mail.pod().orElseThrow().hostname()).isEqualTo("two");
    assertThat(mail.hooks()).containsEntry("id", Optional.of("no"));
    PodMailbox.Mail next = mailbox.take(Duration.ZERO);
    assertThat(next.pod()).isEmpty();
    assertThat(next.hooks()).isEmpty();
  }

  @Test
  void endOfAContainerIsNotOverwrittenByWhatWasSeenBefore() throws Exception {
    mailbox.container(Pods.exited("web", 3, Instant.EPOCH, Duration.ZERO));
    mailbox.container(Pods.status("web"));
    assertThat(mailbox.take(Duration.ZERO).containers())
        .singleElement()
        .satisfies(c -> assertThat(c.exit().orElseThrow().code()).isEqualTo(3));
  }

  @Test
  void deletionAndStopAreNotForgotten() throws Exception {
    mailbox.gone();
    mailbox.stop();
    mailbox.take(Duration.ZERO);
    PodMailbox.Mail again = mailbox.take(Duration.ofHours(1));
    assertThat(again.gone()).isTrue();
    assertThat(again.stopping()).isTrue();
  }

  @Test
  void waitingWorkerIsWoken() throws Exception {
    var taken = new ArrayBlockingQueue<PodMailbox.Mail>(1);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                taken.add(mailbox.take(Duration.ofHours(1)));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    mailbox.referencesChanged();
    PodMailbox.Mail mail = taken.poll(20, TimeUnit.SECONDS);
    assertThat(mail).isNotNull();
    assertThat(mail.referencesChanged()).isTrue();
  }
}
