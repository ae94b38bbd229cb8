package dev.nacelle.kernel.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DeviceProgramTest {
  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;
  private static final int MAKE = 1;
  private static final int READ = 2;
  private static final int WRITE = 4;

  /** Runs the few instructions that these programs are made of. */
  private static boolean allows(List<String> rules, int kind, int major, int minor, int access) {
    ByteBuffer code = ByteBuffer.wrap(DeviceProgram.of(rules)).order(ByteOrder.nativeOrder());
    long[] context = {(long) access << 16 | kind, major, minor};
    long[] r = new long[11];
    for (int at = 0; at < code.capacity() / 8; at++) {
      int registers = code.get(at * 8 + 1);
      int to = registers & 15;
      int from = registers >> 4 & 15;
      int offset = code.getShort(at * 8 + 2);
      int number = code.getInt(at * 8 + 4);
      switch (code.get(at * 8) & 0xff) {
        case 0x61 -> r[to] = context[offset / 4];
        case 0xbf -> r[to] = r[from];
        case 0xb7 -> r[to] = number;
        case 0x57 -> r[to] &= number;
        case 0x77 -> r[to] >>>= number;
        case 0x55 -> at += r[to] != number ? offset : 0;
        case 0x5d -> at += r[to] != r[from] ? offset : 0;
        case 0x95 -> {
          return r[0] == 1;
        }
        default -> throw new AssertionError("instruction " + at);
      }
    }
    throw new AssertionError("the program does not end");
  }

  @Test
  void withoutRulesNothingIsAllowed() {
    assertThat(allows(List.of(), CHARACTER, 1, 3, READ)).isFalse();
  }

  @Test
  void aRuleForAllAllowsAll() {
    assertThat(allows(List.of("a *:* rwm"), BLOCK, 254, 0, READ | WRITE)).isTrue();
  }

  @Test
  void kindNumbersAndAccessMustMatch() {
    List<String> rules = List.of("b *:* m", "c 1:3 rwm", "c 136:* rw", "c 10:200 r");
    assertThat(allows(rules, CHARACTER, 1, 3, READ | WRITE)).isTrue();
    assertThat(allows(rules, CHARACTER, 1, 5, READ)).isFalse();
    assertThat(allows(rules, BLOCK, 1, 3, READ)).isFalse();
    assertThat(allows(rules, BLOCK, 8, 1, MAKE)).isTrue();
    assertThat(allows(rules, BLOCK, 8, 1, MAKE | READ)).isFalse();
    assertThat(allows(rules, CHARACTER, 136, 77, WRITE)).isTrue();
    assertThat(allows(rules, CHARACTER, 136, 77, MAKE)).isFalse();
    assertThat(allows(rules, CHARACTER, 10, 200, READ)).isTrue();
    assertThat(allows(rules, CHARACTER, 10, 200, READ | WRITE)).isFalse();
  }

  @Test
  void aRuleThatIsNoneIsRefused() {
    for (String rule : List.of("", "c 1:3", "d 1:3 r", "c 1:x r", "c 1:3 q")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> DeviceProgram.of(List.of(rule)))
          .withMessageContaining(rule);
    }
  }

  @Test
  void theKernelKeepsToTheRules() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root for bpf");
    CgroupTree tree = CgroupTree.detect();
    assumeTrue(tree.unified().isPresent(), "needs a cgroup version 2 tree");
    var cgroup =
        new UnifiedCgroup(
            tree.unified().orElseThrow(),
            "nacelle-device-test-" + ProcessHandle.current().pid(),
            List.of());
    cgroup.create();
    try {
      assertThat(cgroup.restrictDevices(List.of("c 1:3 rwm"))).isTrue();
      assertThat(
              inside(
                  cgroup.directories().getFirst(),
                  "head -c1 /dev/zero >/dev/null && echo zero; cat /dev/null && echo null"))
          .isEqualTo("null\n");
    } finally {
      cgroup.remove();
    }
  }

  private static String inside(Path cgroup, String script)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                "sh", "-c", "echo $$ > " + cgroup + "/cgroup.procs; " + script + " 2>/dev/null")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }

  @Test
  void programsAreTakenWhereThereIsAVersion2Tree() {
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root for bpf");
    assumeTrue(Files.exists(Path.of("/sys/fs/cgroup")), "needs cgroups");
    assertThat(DeviceProgram.isPossible()).isTrue();
  }
}
