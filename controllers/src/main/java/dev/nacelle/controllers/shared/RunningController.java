package dev.nacelle.controllers.shared;

/** A controller at work; closing it ends its threads and writes nothing more. */
@FunctionalInterface
public interface RunningController extends AutoCloseable {
  @Override
  void close();
}
