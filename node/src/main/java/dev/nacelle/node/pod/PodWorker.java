package dev.nacelle.node.pod;

import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.SandboxStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Owns one pod from its arrival on this host to its end: one virtual thread that compares what
 * should be with what is, does the difference and writes the status. Everything it knows is its
 * own; others post into its mailbox, and nothing that may take long is waited for.
 */
public final class PodWorker {
  private final NodeServices services;
  private final PodContext context;
  private final PodMailbox mailbox = new PodMailbox();
  private final PodLife life;
  private final Consumer<String> ended;

  /**
   * @param ended told the pod's UID once nothing of it is left on this host
   */
  public PodWorker(NodeServices services, PodView pod, Consumer<String> ended) {
    this.services = services;
    this.context = new PodContext(services, pod);
    this.life = new PodLife(context, mailbox);
    this.ended = ended;
  }

  /**
   * This host does not take the pod: it fails, and nothing of it is made. Before {@link #start}.
   */
  public void reject(String reason, String message) {
    life.reject(new PodStatus.Failure(reason, message));
  }

  /**
   * Takes over what an earlier process made for this pod, and what the pod's own status tells of
   * it. To be called before {@link #start}.
   */
  public void adopt(List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    sandboxes.stream()
        .max(Comparator.comparingInt(PodWorker::attemptOf))
        .ifPresent(
            s -> {
              boolean ready = s.state() == SandboxStatus.State.READY;
              context.nextSandbox(attemptOf(s) + (ready ? 0 : 1));
              if (ready) {
                context.sandbox(s);
              } else {
                services
                    .events()
                    .normal(
                        context.pod().object(),
                        "SandboxChanged",
                        "Pod sandbox changed, it will be killed and re-created.");
              }
            });
    life.adopt(
        containers.stream()
            .filter(c -> c.labels().containsKey(ContainerStart.LABEL_CONTAINER))
            .sorted(Comparator.comparingInt(ContainerStatus::attempt).reversed())
            .toList());
  }

  public void start() {
    Thread.ofVirtual().name("pod " + context.pod().object().key()).start(this::run);
  }

  /** The pod's object changed. */
  public void update(PodView pod) {
    mailbox.pod(pod);
  }

  /** The pod's object is gone. */
  public void gone() {
    mailbox.gone();
  }

  /** The runtime saw a change of a container of this pod. */
  public void container(ContainerStatus status) {
    mailbox.container(status);
  }

  /** The platform stops; the pod runs on. */
  public void stop() {
    mailbox.stop();
  }

  /** Whether the pod takes of what this host has to give: it is neither refused nor at its end. */
  public boolean isActive() {
    return life.isActive() && !context.pod().isFinished();
  }

  public PodView pod() {
    return context.pod();
  }

  private void run() {
    try (life) {
      Duration wait = Duration.ZERO;
      while (true) {
        PodMailbox.Mail mail = mailbox.take(wait);
        if (mail.stopping()) {
          return;
        }
        life.take(mail);
        wait = life.step();
        if (life.isOver()) {
          ended.accept(context.pod().uid());
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int attemptOf(SandboxStatus sandbox) {
    String id = sandbox.id();
    String number = id.substring(id.lastIndexOf('-') + 1);
    return number.matches("\\d{1,6}") ? Integer.parseInt(number) : 0;
  }
}
