package dev.nacelle.runtime;

/** Of a terminal, in characters. */
public record TerminalSize(int columns, int rows) {
  public TerminalSize {
    if (columns < 0 || columns > 65_535 || rows < 0 || rows > 65_535) {
      throw new IllegalArgumentException("cannot use a terminal of " + columns + "x" + rows);
    }
  }
}
