package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.Device;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.Rlimit;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A container and what is executed in it are held by the same bounds. */
final class RuntimeConfinementTest {
  private static final JsonObject NO_MKDIR =
      JsonReader.readObject(
          Bytes.utf8(
              """
              {"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],
               "syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":1}]}
              """));
  private RuntimeFixture fixture;
  private RuntimeRig rig;

  @BeforeEach
  void open() throws Exception {
    RuntimeFixture.assume();
    fixture = new RuntimeFixture();
    rig = fixture.rig(Set.of());
  }

  @AfterEach
  void close() throws Exception {
    if (fixture != null) {
      fixture.close();
    }
  }

  private String exec(ContainerSpec spec, String script) {
    var result =
        fixture
            .runtime()
            .execSync(spec.id(), List.of("sh", "-c", script), Duration.ofSeconds(10), 10_000);
    return result.stdout().toUtf8();
  }

  @Test
  void aSeccompProfileHoldsForTheContainerAndForExec() {
    ContainerSpec spec =
        rig.shell("mkdir /tmp/a && echo made || echo refused; sleep 1000")
            .seccomp(NO_MKDIR)
            .build();
    fixture.runtime().runContainer(spec);
    rig.waitForOutput(spec.id(), "refused");
    assertThat(
            exec(spec, "mkdir /tmp/b && echo made || echo refused; grep Seccomp: /proc/1/status"))
        .isEqualTo("refused\nSeccomp:\t2\n");
  }

  @Test
  void execJoinsTheContainersCgroupsAndLimits() {
    ContainerSpec spec =
        rig.shell("while true; do sleep 1; done")
            .resources(Resources.UNLIMITED.withMemoryBytes(64 << 20).withPids(20))
            .rlimits(List.of(new Rlimit("RLIMIT_NOFILE", 100, 1 << 30)))
            .build();
    fixture.runtime().runContainer(spec);
    assertThat(exec(spec, "cat /proc/self/cgroup")).isEqualTo(exec(spec, "cat /proc/1/cgroup"));
    assertThat(exec(spec, "ulimit -n")).isEqualTo("100\n");
  }

  @Test
  void aForkBombIsHeldByTheProcessLimit() {
    ContainerSpec spec =
        rig.shell("i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done; echo all")
            .resources(Resources.UNLIMITED.withPids(20))
            .build();
    assertThat(rig.run(spec).code()).isNotZero();
  }

  private static final String OPEN_TUN =
      "/bin/busybox mknod /tmp/tun$1 c 10 200; cat < /tmp/tun$1; echo done";

  @Test
  void aDeviceThatWasNotGivenCannotBeOpened() {
    ContainerSpec spec = rig.spec("/bin/sh", "-c", OPEN_TUN, "sh", "a").build();
    rig.run(spec);
    assertThat(rig.output(spec.id())).contains("Operation not permitted").contains("done");
  }

  @Test
  void aDeviceThatWasGivenCanBeOpened() {
    var tun = new Device("/dev/net/tun", Device.Type.CHARACTER, 10, 200, 0_666, 0, 0, "rwm");
    ContainerSpec spec =
        rig.spec("/bin/sh", "-c", OPEN_TUN, "sh", "b").devices(List.of(tun)).build();
    rig.run(spec);
    assertThat(rig.output(spec.id())).doesNotContain("Operation not permitted").contains("done");
  }

  @Test
  void theDefaultDevicesWork() {
    ContainerSpec spec =
        rig.shell("cat /dev/null && echo null; head -c1 /dev/zero >/dev/null && echo zero").build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("null\nzero\n");
  }
}
