package dev.nacelle.testkit.e2e;

import java.util.Optional;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** An {@link OutsideHost} for the tests of a class; to be registered as a static extension. */
public final class OutsideNeighbour implements BeforeAllCallback, AfterAllCallback {
  private Optional<OutsideHost> host = Optional.empty();

  /** The host, while the tests of the class run. */
  public OutsideHost get() {
    return host.orElseThrow(() -> new AssertionError("it is not connected"));
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (PlatformUnderTest.missing().isEmpty()) {
      host = Optional.of(OutsideHost.connect());
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    host.ifPresent(OutsideHost::close);
  }
}
