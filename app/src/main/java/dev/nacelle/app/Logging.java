package dev.nacelle.app;

import java.io.IOException;
import java.nio.file.Files;

/** Says where the log goes; must be called before the first line is logged. */
final class Logging {
  private Logging() {}

  static void to(Layout layout, boolean foreground) {
    try {
      Files.createDirectories(layout.logs());
    } catch (IOException e) {
      return;
    }
    System.setProperty("nacelle.log", layout.logs().resolve("nacelle.log").toString());
    System.setProperty("nacelle.console", foreground ? "INFO" : "OFF");
  }
}
