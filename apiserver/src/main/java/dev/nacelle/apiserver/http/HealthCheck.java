package dev.nacelle.apiserver.http;

import java.util.function.BooleanSupplier;

/** Something that must be so for the server to be alive, or ready. Asked by any thread. */
public record HealthCheck(String name, Of of, BooleanSupplier holds) {

  /** Which of {@code /livez} and {@code /readyz} ask for it; the latter asks for all. */
  public enum Of {
    LIFE,
    READINESS
  }
}
