package dev.nacelle.kernel.lazy;

import dev.nacelle.kernel.process.OpenFile;

/**
 * Duplicates of the keeper's fanotify(7) group and of its table of waiting reads. They are held, so
 * that readers wait while no keeper lives and the next one can go on, and are never read: the
 * kernel matches answers by the reader's descriptor numbers.
 */
record Group(OpenFile descriptor, OpenFile table) implements AutoCloseable {
  @Override
  public void close() {
    descriptor.close();
    table.close();
  }
}
