package dev.nacelle.image;

import java.nio.file.Path;

/** Whether files on this host can be filled while they are read. */
public sealed interface LazyReading {

  /**
   * They can.
   *
   * @param runDirectory of the keeper that reads the fanotify group; it runs
   */
  record Available(Path runDirectory) implements LazyReading {}

  /**
   * They cannot: layers are fetched whole before they are mounted.
   *
   * @param why for people
   */
  record Missing(String why) implements LazyReading {}
}
