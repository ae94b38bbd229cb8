package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.runtime.BuiltInRuntime;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.RuntimeCapability;
import dev.nacelle.runtime.SandboxSpec;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The built-in runtime, which starts containers itself, on a real kernel. */
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

  @Test
  void containersAreStartedByTheirMonitors() {
    assertThat(runtime().capabilities())
        .contains(
            new RuntimeCapability(
                "container start", RuntimeCapability.Level.BEST, "by the monitor itself"));
    var rig = rig();
    rig.run(rig.shell("true").build());
    assertThat(fixture.run().resolve("oci")).isEmptyDirectory();
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
