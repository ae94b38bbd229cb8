package dev.nacelle.testkit.runtime;

import dev.nacelle.runtime.BuiltInRuntime;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.SandboxSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

/** The built-in runtime with runc in place of its own starter. */
final class RuncRuntimeTest extends ContainerRuntimeContract {
  private static final Path RUNC = Path.of("/usr/sbin/runc");
  private static RuntimeFixture fixture;

  @BeforeAll
  static void open() throws Exception {
    RuntimeFixture.assume();
    Assumptions.assumeTrue(Files.isExecutable(RUNC), "needs runc at " + RUNC);
    fixture = new RuntimeFixture(Optional.of(RUNC));
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
