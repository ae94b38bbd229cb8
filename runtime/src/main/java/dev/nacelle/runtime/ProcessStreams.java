package dev.nacelle.runtime;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * The streams of a process in a container. Reads and writes block (virtual threads park); each
 * stream is for one thread at a time.
 */
public interface ProcessStreams extends AutoCloseable {
  /** To the process; closing it gives end of file. Refuses writes if it has no standard input. */
  OutputStream stdin();

  /** From the process; with a terminal its errors too. */
  InputStream stdout();

  /** From the process; with a terminal at its end from the beginning. */
  InputStream stderr();

  /** Sets the size of the terminal; nothing happens without one. */
  void resize(TerminalSize size);

  @Override
  void close();
}
