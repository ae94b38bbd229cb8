package dev.nacelle.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class OciConfigTest {
  private static final OciConfig HERE =
      new OciConfig(
          Map.of("network", Optional.of(Path.of("/run/ns/net"))),
          Optional.empty(),
          Map.of("RLIMIT_NOFILE", 20_000L),
          List.of());

  private static ContainerSpec.Builder spec() {
    return ContainerSpec.builder(
        "c1", "s1", Path.of("/root-fs"), List.of("/bin/app", "-x"), LogFile.at(Path.of("/log")));
  }

  @Test
  void theProcessIsAsSpecified() {
    JsonObject process =
        HERE.of(
                spec()
                    .env(Map.of("KEY", "a=b"))
                    .user(new ProcessUser(10, 20, List.of(30L)))
                    .capabilities(Set.of("CAP_KILL"))
                    .noNewPrivileges()
                    .build())
            .object("process");
    assertThat(process.array("args").strings()).containsExactly("/bin/app", "-x");
    assertThat(process.array("env").strings()).containsExactly("KEY=a=b");
    assertThat(process.integer("user", "uid")).hasValue(10);
    assertThat(process.array("capabilities", "bounding").strings()).containsExactly("CAP_KILL");
    assertThat(process.bool("noNewPrivileges")).hasValue(true);
  }

  @Test
  void limitsAreNeverRaised() {
    JsonObject limit =
        HERE.of(spec().rlimits(List.of(new Rlimit("RLIMIT_NOFILE", 1_000, 1_000_000))).build())
            .object("process")
            .array("rlimits")
            .objects()
            .findFirst()
            .orElseThrow();
    assertThat(limit.integer("soft")).hasValue(1_000);
    assertThat(limit.integer("hard")).hasValue(20_000);
  }

  @Test
  void aGivenMountReplacesTheStandardOneAndParentsComeFirst() {
    var mounts =
        HERE.of(
                spec()
                    .mounts(
                        List.of(
                            new Mount.Tmpfs("/dev/shm", OptionalLong.of(1 << 20), 0_1777, Set.of()),
                            new Mount.Bind(
                                Path.of("/b"), "/data/deep", Set.of(), Mount.Propagation.NONE),
                            new Mount.Bind(
                                Path.of("/a"),
                                "/data",
                                Set.of(Mount.Option.READ_ONLY),
                                Mount.Propagation.NONE)))
                    .build())
            .array("mounts")
            .objects()
            .map(m -> m.string("destination").orElseThrow())
            .toList();
    assertThat(mounts).containsOnlyOnce("/dev/shm");
    assertThat(mounts.indexOf("/data")).isLessThan(mounts.indexOf("/data/deep"));
  }

  @Test
  void aPrivilegedContainerHasNoMasksAndNoFilter() {
    JsonObject linux =
        HERE.of(spec().privileged().seccomp(JsonObject.EMPTY).build()).object("linux");
    assertThat(linux.has("maskedPaths")).isFalse();
    assertThat(linux.has("seccomp")).isFalse();
  }

  @Test
  void cgroupLimitsAreWrittenOnlyForARuntimeThatMovesItself() {
    ContainerSpec spec = spec().resources(Resources.UNLIMITED.withMemoryBytes(1 << 20)).build();
    assertThat(HERE.of(spec).object("linux").has("resources")).isFalse();
    var inCgroup = new OciConfig(Map.of(), Optional.of("/nacelle/x"), Map.of(), List.of()).of(spec);
    assertThat(inCgroup.object("linux").integer("resources", "memory", "limit")).hasValue(1 << 20);
    assertThat(inCgroup.string("linux", "cgroupsPath")).hasValue("/nacelle/x");
  }

  @Test
  void badSpecificationsAreRefused() {
    assertThatThrownBy(
            () ->
                ContainerSpec.builder(
                        "../x", "s", Path.of("/r"), List.of("a"), LogFile.at(Path.of("/l")))
                    .build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> spec().env(Map.of("A", "b\0c")).build())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> spec().cwd("relative").build())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hardLimitsAreReadFromTheProcessFile() {
    assertThat(
            HostFacts.hardLimits(
                List.of(
                    "Limit                     Soft Limit           Hard Limit           Units     ",
                    "Max cpu time              unlimited            unlimited            seconds   ",
                    "Max open files            1024                 20000                files     ")))
        .isEqualTo(Map.of("RLIMIT_NOFILE", 20_000L));
  }
}
