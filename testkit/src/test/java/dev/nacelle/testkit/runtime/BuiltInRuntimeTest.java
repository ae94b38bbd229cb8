package dev.nacelle.testkit.runtime;

import dev.nacelle.runtime.BuiltInRuntime;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.SandboxSpec;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** The built-in runtime, on a real kernel. */
final class BuiltInRuntimeTest extends ContainerRuntimeContract {
  private static RuntimeFixture fixture;

  @BeforeAll
  static void open() throws Exception {
    RuntimeFixture.assume();
    fixture = new RuntimeFixture();
  }

  @AfterAll
  static void close() throws Exception {
    if (fixture != null) {
      fixture.close();
    }
  }

  @AfterEach
  void removeSandboxes() {
    BuiltInRuntime runtime = fixture.runtime();
    runtime.sandboxes().forEach(sandbox -> runtime.removeSandbox(sandbox.id()));
  }

  @Override
  protected ContainerRuntime runtime() {
    return fixture.runtime();
  }

  @Override
  protected RuntimeRig rig() {
    return fixture.rig(Set.of());
  }

  @Override
  protected RuntimeRig rig(Set<SandboxSpec.Option> options) {
    return fixture.rig(options);
  }
}
