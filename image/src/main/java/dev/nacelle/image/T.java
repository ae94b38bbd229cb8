package dev.nacelle.image;

import java.io.FileWriter;
import java.io.IOException;

public final class T {
  public static synchronized void t(String what) {
    try (var w = new FileWriter("/tmp/tt.log", java.nio.charset.StandardCharsets.UTF_8, true)) {
      w.write(
          System.nanoTime() / 1000 + " " + Thread.currentThread().getName() + " " + what + "\n");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private T() {}
}
