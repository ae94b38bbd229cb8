package dev.nacelle.runtime;

/** What makes a container's first process. */
sealed interface Starter permits Starter.Native, OciRuntime {
  /** The container's monitor itself. */
  record Native() implements Starter {}
}
