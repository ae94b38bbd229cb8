package dev.nacelle.kernel.cgroup;

import dev.nacelle.kernel.bpf.BpfException;
import dev.nacelle.kernel.bpf.BpfProgram;
import dev.nacelle.kernel.bpf.ProgramCode;
import dev.nacelle.kernel.bpf.ProgramKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The device rules of a cgroup of version 2, which has no files for them: a BPF program that the
 * kernel asks at each opening and making of a device node (linux/bpf.h, struct bpf_cgroup_dev_ctx).
 */
final class DeviceProgram {
  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;
  private static final String ACCESS = "mrw"; // the bits 1, 2 and 4
  private static final int ALL_ACCESS = 7;
  private static final int MAX_RULES = 1_000;

  private static final int LOAD_WORD = 0x61;
  private static final int MOVE = 0xbf;
  private static final int MOVE_NUMBER = 0xb7;
  private static final int AND_NUMBER = 0x57;
  private static final int SHIFT_RIGHT = 0x77;
  private static final int JUMP_UNLESS_NUMBER = 0x55;
  private static final int JUMP_UNLESS = 0x5d;
  private static final int EXIT = 0x95;

  /** One instruction: the registers are destination and source. */
  record Step(int code, int destination, int source, int offset, int number) {}

  private DeviceProgram() {}

  /**
   * The instructions that allow what a rule allows, and nothing else.
   *
   * @param rules written as in version 1, for example {@code "c 1:3 rwm"} or {@code "a *:* rwm"}
   */
  static byte[] of(List<String> rules) {
    if (rules.size() > MAX_RULES) {
      throw new IllegalArgumentException("cannot keep " + rules.size() + " device rules");
    }
    var steps = new ArrayList<Step>();
    steps.add(new Step(LOAD_WORD, 2, 1, 0, 0));
    steps.add(new Step(MOVE, 3, 2, 0, 0));
    steps.add(new Step(AND_NUMBER, 2, 0, 0, 0xffff)); // r2: the kind
    steps.add(new Step(SHIFT_RIGHT, 3, 0, 0, 16)); // r3: what is wanted
    steps.add(new Step(LOAD_WORD, 4, 1, 4, 0)); // r4: the major number
    steps.add(new Step(LOAD_WORD, 5, 1, 8, 0)); // r5: the minor number
    rules.forEach(rule -> steps.addAll(rule(rule)));
    steps.add(new Step(MOVE_NUMBER, 0, 0, 0, 0));
    steps.add(new Step(EXIT, 0, 0, 0, 0));
    var bytes = ByteBuffer.allocate(steps.size() * 8).order(ByteOrder.nativeOrder());
    for (Step step : steps) {
      bytes.put((byte) step.code()).put((byte) (step.source() << 4 | step.destination()));
      bytes.putShort((short) step.offset()).putInt(step.number());
    }
    return bytes.array();
  }

  private static List<Step> rule(String text) {
    if (!text.matches("[abc] (\\d+|\\*):(\\d+|\\*) [rwm]{1,3}")) {
      throw new IllegalArgumentException("cannot read the device rule '" + text + "'");
    }
    String[] words = text.split("[ :]");
    var tests = new ArrayList<Step>();
    if (!words[0].equals("a")) {
      tests.add(unless(2, words[0].equals("b") ? BLOCK : CHARACTER));
    }
    int access = words[3].chars().map(letter -> 1 << ACCESS.indexOf(letter)).sum();
    if (access != ALL_ACCESS) {
      tests.add(new Step(MOVE, 1, 3, 0, 0));
      tests.add(new Step(AND_NUMBER, 1, 0, 0, access));
      tests.add(new Step(JUMP_UNLESS, 1, 3, 0, 0));
    }
    if (!words[1].equals("*")) {
      tests.add(unless(4, Integer.parseInt(words[1])));
    }
    if (!words[2].equals("*")) {
      tests.add(unless(5, Integer.parseInt(words[2])));
    }
    var steps = new ArrayList<Step>();
    for (Step test : tests) {
      boolean jumps = test.code() == JUMP_UNLESS || test.code() == JUMP_UNLESS_NUMBER;
      // behind the tests that follow, and the two instructions that allow
      int distance = jumps ? tests.size() - steps.size() + 1 : 0;
      steps.add(new Step(test.code(), test.destination(), test.source(), distance, test.number()));
    }
    steps.add(new Step(MOVE_NUMBER, 0, 0, 0, 1));
    steps.add(new Step(EXIT, 0, 0, 0, 0));
    return steps;
  }

  private static Step unless(int register, int number) {
    return new Step(JUMP_UNLESS_NUMBER, register, 0, 0, number);
  }

  private static BpfProgram load(List<String> rules) {
    return BpfProgram.load(
        new ProgramCode("devices", ProgramKind.DEVICE, of(rules), Map.of(), "Apache-2.0"),
        Map.of());
  }

  /** Whether this kernel takes such programs. */
  static boolean isPossible() {
    try (BpfProgram ignored = load(List.of())) {
      return true;
    } catch (BpfException e) {
      return false;
    }
  }

  /** Attaches the rules to a cgroup for as long as it is there, beside those of others. */
  static void attach(Path cgroup, List<String> rules) {
    try (BpfProgram program = load(rules)) {
      program.attachToCgroup(cgroup);
    }
  }
}
