package dev.nacelle.kernel.keeper;

/** Whether the kernel lets files be filled while they are read (fanotify pre-content events). */
public sealed interface LazySupport {
  /** A file was really marked. */
  record Available() implements LazySupport {}

  /** Why not, for people. */
  record Missing(String why) implements LazySupport {}
}
