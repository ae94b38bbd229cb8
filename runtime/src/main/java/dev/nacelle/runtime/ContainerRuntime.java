package dev.nacelle.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Sandboxes and the containers in them, shaped as the Kubernetes Container Runtime Interface. Every
 * call blocks (virtual threads park), may be made from any thread, and is idempotent: repeating a
 * call that was interrupted, or whose process was killed, finishes the work. Calls for the same
 * container are ordered; calls for different ones run in parallel.
 *
 * <p>What runs survives this object and its process: a later runtime on the same directory adopts
 * it. All calls throw {@link ContainerRuntimeException}.
 */
public interface ContainerRuntime extends AutoCloseable {

  /**
   * Makes the sandbox, or returns the one that is there. The namespaces stay as long as the
   * sandbox, whatever its containers do. A sandbox of the same id and another specification is left
   * as it is.
   */
  SandboxStatus ensureSandbox(SandboxSpec spec);

  /** Kills the containers of the sandbox; its namespaces are kept. An unknown id is a success. */
  void stopSandbox(String sandboxId);

  /**
   * Removes the containers of the sandbox (killing what runs), its namespaces and its cgroup. An
   * unknown id is a success.
   */
  void removeSandbox(String sandboxId);

  /** All sandboxes, those of an earlier process included; in no order. */
  List<SandboxStatus> sandboxes();

  /** The sandbox of that id. */
  Optional<SandboxStatus> sandbox(String sandboxId);

  /**
   * Creates the container without starting its process. An existing container of that id is
   * returned as it is.
   */
  ContainerStatus createContainer(ContainerSpec spec);

  /**
   * Starts a created container; one that was started already is returned as it is.
   *
   * @throws ContainerRuntimeException with reason START_FAILED if the command cannot be executed;
   *     the container is then EXITED with code 128
   */
  ContainerStatus startContainer(String containerId);

  /**
   * Creates and starts in one step: the fastest way. Otherwise as {@link #createContainer} followed
   * by {@link #startContainer}.
   */
  ContainerStatus runContainer(ContainerSpec spec);

  /**
   * Sends {@code signal} (a number), waits for {@code grace}, then kills, and returns the status
   * after the end. A container that never started becomes EXITED. Stopping a stopped or unknown
   * container is a success; of two stops at a time the shorter grace wins.
   */
  Optional<ContainerStatus> stopContainer(String containerId, Duration grace, int signal);

  /** Sends one signal to the container's first process; nothing happens if it has ended. */
  void signalContainer(String containerId, int signal);

  /**
   * Removes the container, killing it if it runs. Its log files stay. An unknown id is a success.
   */
  void removeContainer(String containerId);

  /** All containers, those of an earlier process included; in no order. */
  List<ContainerStatus> containers();

  /** The container of that id. */
  Optional<ContainerStatus> container(String containerId);

  /**
   * Changes the limits of a running container in place, or of a created one before it starts. An
   * absent limit is lifted.
   */
  void updateResources(String containerId, Resources resources);

  /** Changes the limits of the sandbox's cgroup, the parent of its containers'. */
  void updateSandboxResources(String sandboxId, Resources resources);

  /**
   * Starts one more process in a running container. The caller closes the session, which kills the
   * process if it still runs.
   */
  ExecSession exec(String containerId, ExecRequest request);

  /**
   * Runs a command in a running container to its end. When {@code timeout} passes, the command is
   * killed and the result says so; output beyond {@code maxOutputBytes} of each stream is dropped.
   */
  ExecResult execSync(String containerId, List<String> argv, Duration timeout, int maxOutputBytes);

  /**
   * The streams of the container's own process from now on (what was written earlier is in the
   * log). Closing the session leaves the process alone; a container with STDIN_ONCE gets end of
   * file on its standard input.
   */
  ProcessStreams attach(String containerId);

  /** Sets the size of the container's terminal; without a terminal it is an error. */
  void resizeTerminal(String containerId, TerminalSize size);

  /** Makes the container's log writer open its log path again, after the file was renamed. */
  void reopenLog(String containerId);

  /** A measurement from the container's cgroup; empty for one that does not run. */
  Optional<RuntimeStats> stats(String containerId);

  /** A measurement of the sandbox's cgroup, all of its containers together. */
  Optional<RuntimeStats> sandboxStats(String sandboxId);

  /**
   * A watch of what happens from now on. Open it, then list: nothing falls between. The caller
   * closes it.
   */
  RuntimeEvents events();

  /** What this host offers the runtime, for {@code doctor}: the best path, or what is lost. */
  List<RuntimeCapability> capabilities();

  /** Leaves everything running and lets go of it. */
  @Override
  void close();
}
