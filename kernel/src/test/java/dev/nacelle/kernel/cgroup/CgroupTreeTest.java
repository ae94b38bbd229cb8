package dev.nacelle.kernel.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CgroupTreeTest {
  private static String line(String at, String type, String options) {
    return "30 29 0:26 / " + at + " rw,relatime shared:4 - " + type + " cgroup " + options;
  }

  @Test
  void aLoneUnifiedTreeIsVersion2() {
    CgroupTree tree = CgroupTree.parse(List.of(line("/sys/fs/cgroup", "cgroup2", "rw")));
    assertThat(tree.version()).isEqualTo(CgroupTree.Version.V2);
    assertThat(tree.at("/a/b").directories()).containsExactly(Path.of("/sys/fs/cgroup/a/b"));
    assertThat(tree.isHybrid()).isFalse();
  }

  @Test
  void controllersBesideAUnifiedTreeAreAHybrid() {
    CgroupTree tree =
        CgroupTree.parse(
            List.of(
                line("/sys/fs/cgroup/unified", "cgroup2", "rw"),
                line("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
                line("/sys/fs/cgroup/memory", "cgroup", "rw,memory")));
    assertThat(tree.version()).isEqualTo(CgroupTree.Version.V1);
    assertThat(tree.isHybrid()).isTrue();
    assertThat(tree.at("a").directories())
        .containsExactly(
            Path.of("/sys/fs/cgroup/cpu,cpuacct/a"),
            Path.of("/sys/fs/cgroup/memory/a"),
            Path.of("/sys/fs/cgroup/unified/a"));
  }

  @Test
  void aHostWithoutCgroupsIsRefused() {
    assertThatThrownBy(() -> CgroupTree.parse(List.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot find cgroups");
  }

  @Test
  void pathsCannotLeaveTheTree() {
    CgroupTree tree = CgroupTree.parse(List.of(line("/sys/fs/cgroup", "cgroup2", "rw")));
    assertThatThrownBy(() -> tree.at("a/../../b")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sharesBecomeWeights() {
    assertThat(UnifiedCgroup.weight(2)).isEqualTo(1);
    assertThat(UnifiedCgroup.weight(1024)).isEqualTo(39);
    assertThat(UnifiedCgroup.weight(262_144)).isEqualTo(10_000);
  }
}
