package dev.nacelle.runtime;

/** What happened on the host. */
public sealed interface RuntimeEvent {
  /** A container ended; its exit file is durable and its log complete. */
  record ContainerExited(ContainerStatus status) implements RuntimeEvent {}

  /** The first byte of a container's output was logged. */
  record FirstOutput(ContainerStatus status) implements RuntimeEvent {}

  /** A container's monitor died and was replaced; the container went on. */
  record MonitorReplaced(String containerId, String message) implements RuntimeEvent {}

  /** The keeper died and was replaced; all sandboxes went on. */
  record KeeperReplaced(String message) implements RuntimeEvent {}

  /** The reader was too slow and events were dropped: list again. */
  record EventsDropped() implements RuntimeEvent {}
}
