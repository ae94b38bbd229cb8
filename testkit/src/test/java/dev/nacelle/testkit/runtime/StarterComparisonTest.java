package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.Device;
import dev.nacelle.runtime.Mount;
import dev.nacelle.runtime.ProcessUser;
import dev.nacelle.runtime.Rlimit;
import dev.nacelle.runtime.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The same container started by the monitor, by crun and by runc, seen from inside: nothing is
 * weaker natively, and what programs look at is the same.
 */
final class StarterComparisonTest {
  private static final Path CRUN = Path.of("/usr/bin/crun");
  private static final Path RUNC = Path.of("/usr/sbin/runc");
  private static final Set<String> STRICT = Set.of("ro", "nosuid", "nodev", "noexec");

  private static RuntimeFixture own;
  private static RuntimeFixture crun;
  private static RuntimeFixture runc;
  private static Path volume;

  @BeforeAll
  static void open() throws Exception {
    RuntimeFixture.assume();
    Assumptions.assumeTrue(Files.isExecutable(CRUN), "needs crun at " + CRUN);
    Assumptions.assumeTrue(Files.isExecutable(RUNC), "needs runc at " + RUNC);
    volume = Files.createTempDirectory("starter-volume-");
    Files.writeString(volume.resolve("file"), "content\n");
    own = new RuntimeFixture();
    crun = new RuntimeFixture(Optional.of(CRUN));
    runc = new RuntimeFixture(Optional.of(RUNC));
  }

  @AfterAll
  static void close() throws Exception {
    for (RuntimeFixture fixture : new RuntimeFixture[] {own, crun, runc}) {
      if (fixture != null) {
        fixture.close();
      }
    }
    if (volume != null) {
      Files.deleteIfExists(volume.resolve("file"));
      Files.deleteIfExists(volume);
    }
  }

  private interface Shape extends UnaryOperator<ContainerSpec.Builder> {}

  private static final Map<String, Shape> SHAPES = new LinkedHashMap<>();

  private static Shape shape(String name) {
    return Objects.requireNonNull(SHAPES.get(name));
  }

  static {
    SHAPES.put("plain", spec -> spec);
    SHAPES.put(
        "user",
        spec ->
            spec.user(new ProcessUser(1000, 1000, List.of(2000L, 3000L)))
                .capabilities(Set.of("CAP_CHOWN", "CAP_NET_BIND_SERVICE"))
                .noNewPrivileges()
                .cwd("/work"));
    SHAPES.put("a user with rights", spec -> spec.user(new ProcessUser(1000, 0, List.of())));
    SHAPES.put("no rights", spec -> spec.capabilities(Set.of()));
    SHAPES.put(
        "privileged",
        spec -> spec.privileged().capabilities(Set.of("CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE")));
    SHAPES.put("terminal", spec -> spec.stdio(Set.of(Stdio.TTY, Stdio.STDIN)));
    SHAPES.put("input", spec -> spec.stdio(Set.of(Stdio.STDIN)));
    SHAPES.put(
        "limits",
        spec ->
            spec.rlimits(
                List.of(
                    new Rlimit("RLIMIT_NOFILE", 100, 1 << 30),
                    new Rlimit("RLIMIT_CORE", 0, 4096))));
    SHAPES.put(
        "volumes",
        spec ->
            spec.readOnlyRoot()
                .cwd("/made/for/this")
                .devices(
                    List.of(
                        new Device(
                            "/dev/net/tun", Device.Type.CHARACTER, 10, 200, 0640, 7, 8, "rw")))
                .mounts(
                    List.of(
                        new Mount.Tmpfs("/scratch/deep", OptionalLong.of(1 << 20), 01770, Set.of()),
                        new Mount.Bind(
                            volume,
                            "/vol/ro",
                            Set.of(Mount.Option.READ_ONLY, Mount.Option.RECURSIVE),
                            Mount.Propagation.NONE),
                        new Mount.Bind(
                            volume,
                            "/vol/strict",
                            Set.of(Mount.Option.NO_DEV, Mount.Option.NO_SUID, Mount.Option.NO_EXEC),
                            Mount.Propagation.HOST_TO_CONTAINER),
                        new Mount.Bind(
                            volume.resolve("file"),
                            "/etc/one-file",
                            Set.of(),
                            Mount.Propagation.NONE))));
  }

  /** What a script says in the same container by each of the three. */
  private record Answers(String own, String crun, String runc) {}

  private static String answer(RuntimeFixture fixture, Shape shape, String script) {
    RuntimeRig rig = fixture.rig(Set.of());
    try {
      ContainerSpec spec = shape.apply(rig.shell(script)).build();
      rig.run(spec);
      return rig.output(spec.id()).replace("\r", "");
    } finally {
      fixture.runtime().removeSandbox(rig.sandbox());
    }
  }

  private static Answers ask(Shape shape, String script) {
    return new Answers(
        answer(own, shape, script), answer(crun, shape, script), answer(runc, shape, script));
  }

  private static void sameEverywhere(String script) {
    SHAPES.forEach(
        (name, shape) -> {
          Answers answers = ask(shape, script);
          assertThat(answers.own()).as(name).isNotEmpty().isEqualTo(answers.crun());
          assertThat(answers.own()).as(name).isEqualTo(answers.runc());
        });
  }

  @Test
  void identityAndRightsAreTheSame() {
    sameEverywhere(
        "grep -E '^(Umask|Uid|Gid|Groups|SigBlk|Cap|NoNewPrivs|Seccomp:)' /proc/self/status;"
            + " id -u; id -g; id -G; umask");
  }

  @Test
  void noSignalIsIgnored() {
    RuntimeRig rig = own.rig(Set.of());
    ContainerSpec spec = rig.spec("/bin/grep", "SigIgn", "/proc/self/status").build();
    rig.run(spec);
    assertThat(rig.output(spec.id())).isEqualTo("SigIgn:\t0000000000000000\n");
  }

  @Test
  void limitsAreTheSame() {
    sameEverywhere("cat /proc/self/limits; cat /proc/self/oom_score_adj");
  }

  @Test
  void environmentDirectoryAndHostNameAreTheSame() {
    sameEverywhere("env | sort; pwd; hostname; echo $0 $*; cat /proc/1/cmdline | tr '\\0' ' '");
  }

  @Test
  void openFilesAndSessionsAreTheSame() {
    sameEverywhere(
        "for f in /proc/self/fd/*; do echo ${f##*/}; done; "
            + "awk '{print $5, $6, ($7 != 0)}' /proc/1/stat; "
            + "readlink /proc/1/fd/0 | sed 's/[0-9]*//g'");
  }

  @Test
  void devicesAreTheSame() {
    String list = "ls -l /dev /dev/pts /dev/shm | awk '{print $1, $3, $4, $5, $6, $NF}'";
    SHAPES.forEach(
        (name, shape) -> {
          Answers answers = ask(shape, list);
          assertThat(devices(answers.own())).as(name).isEqualTo(devices(answers.crun()));
          // runc makes no /dev/core
          assertThat(devices(answers.own()))
              .as(name)
              .isEqualTo(devices(answers.runc() + "lrwxrwxrwx root 0 11 Jan /proc/kcore\n"));
        });
  }

  private static Set<String> devices(String listing) {
    return listing
        // the others give /dev/null away to the user
        .replaceAll("(?m)^(crw-rw-rw-) .* (1, 3 null)$", "$1 root 0 $2")
        .lines()
        .map(line -> line.startsWith("c") || line.startsWith("b") ? line : sizeless(line))
        .collect(Collectors.toSet());
  }

  /** A directory or link without its size, date and inode count. */
  private static String sizeless(String line) {
    String[] words = line.split(" ");
    return words.length < 6 ? "" : words[0] + " " + words[1] + " " + words[2] + " " + words[5];
  }

  @Test
  void namespacesAreNewWhereTheyAreForTheOthers() {
    String script =
        "for n in cgroup ipc mnt net pid user uts time; do readlink /proc/self/ns/$n; done";
    Set<String> host = new HashSet<>();
    for (String kind : List.of("cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time")) {
      try {
        host.add(Files.readSymbolicLink(Path.of("/proc/self/ns", kind)).toString());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    Answers answers = ask(spec -> spec, script);
    for (String answer : List.of(answers.own(), answers.crun(), answers.runc())) {
      assertThat(answer.lines().filter(host::contains).map(n -> n.replaceAll(":.*", "")))
          .containsExactlyInAnyOrder("user", "time");
    }
  }

  @Test
  void cgroupsAreTheSame() {
    String script =
        "sed 's/^[0-9]*://' /proc/self/cgroup | sort; ls /sys/fs/cgroup | sort;"
            + " wc -l < /sys/fs/cgroup/pids/cgroup.procs";
    Answers answers = ask(spec -> spec, script);
    assertThat(answers.own()).contains("pids:/\n");
    // crun links controllers that this kernel lacks
    assertThat(answers.own()).isEqualTo(answers.crun().replaceAll("net_(cls|prio)\n", ""));
  }

  @Test
  void whatIsHiddenOrReadOnlyIsSoNatively() {
    String script =
        "for p in /proc/interrupts /proc/keys /proc/timer_list /proc/kcore; do"
            + " [ -e $p ] && echo $p $(head -c 20 $p | wc -c); done; "
            + "for p in /sys/firmware /proc/acpi /proc/scsi; do [ -e $p ] && echo $p $(ls $p | wc -l); done; "
            + "for p in /proc/sys/kernel/hostname /proc/sysrq-trigger /sys/kernel/profiling"
            + " /sys/fs/cgroup/pids/pids.max; do"
            + " (echo x > $p) 2>/dev/null && echo wrote $p || echo refused $p; done";
    for (String shape : List.of("plain", "user", "no rights", "volumes")) {
      Answers answers = ask(shape(shape), script);
      assertThat(answers.own()).as(shape).doesNotContain("wrote");
      assertThat(answers.own()).as(shape).isEqualTo(answers.crun()).isEqualTo(answers.runc());
    }
    assertThat(answer(own, spec -> spec, "touch /sys/fs/cgroup/x 2>/dev/null || echo refused"))
        .isEqualTo("refused\n");
  }

  @Test
  void privilegedContainersMayWriteWhereTheOthersMay() {
    String script =
        "for p in /sys/fs/cgroup/pids/pids.max /proc/sys/kernel/hostname; do"
            + " [ -w $p ] && echo may $p || echo may not $p; done; "
            + "mkdir /sys/fs/cgroup/pids/sub && echo made && /bin/busybox rmdir /sys/fs/cgroup/pids/sub; "
            + "mount -t tmpfs none /tmp && echo mounted; /bin/busybox unshare -U true && echo user";
    Answers answers = ask(shape("privileged"), script);
    assertThat(answers.own())
        .contains("may /sys/fs/cgroup/pids/pids.max")
        .contains("made")
        .contains("mounted");
    assertThat(answers.own()).isEqualTo(answers.crun());
  }

  @Test
  void userNamespacesCanBeMadeWhereTheOthersAllowIt() {
    Answers answers = ask(spec -> spec, "/bin/busybox unshare -U true; echo $?");
    assertThat(answers.own()).isEqualTo(answers.crun()).isEqualTo(answers.runc());
  }

  /** A mount as a container sees it. */
  private record Seen(String type, Set<String> options) {}

  private static Map<String, Seen> mounts(String mountInfo) {
    var result = new TreeMap<String, Seen>();
    for (String line : mountInfo.split("\n")) {
      String[] words = line.split(" ");
      int dash = List.of(words).indexOf("-");
      result.put(words[4], new Seen(words[dash + 1], Set.of(words[5].split(","))));
    }
    return result;
  }

  @Test
  void everyMountIsAtLeastAsStrict() {
    SHAPES.forEach(
        (name, shape) -> {
          Answers answers = ask(shape, "cat /proc/self/mountinfo");
          Map<String, Seen> here = mounts(answers.own());
          for (String other : List.of(answers.crun(), answers.runc())) {
            Map<String, Seen> there = mounts(other);
            there.remove("/sys/fs/cgroup/unified");
            assertThat(here.keySet()).as(name).isEqualTo(there.keySet());
            there.forEach(
                (target, seen) -> {
                  // a hidden file is covered by another null device, which has no more rights
                  boolean hides = ContainerSpec.DEFAULT_MASKED_PATHS.contains(target);
                  if (!hides) {
                    assertThat(Objects.requireNonNull(here.get(target)).type())
                        .as(name + target)
                        .isEqualTo(seen.type());
                  }
                  assertThat(Objects.requireNonNull(here.get(target)).options())
                      .as(name + ": " + target)
                      .containsAll(seen.options().stream().filter(STRICT::contains).toList());
                });
          }
        });
  }

  @Test
  void fileSystemsHaveTheSameOptions() {
    String script =
        "grep -v ' cgroup ' /proc/self/mounts | awk '{print $2, $3, $4}' | grep -E '^/(dev|scratch|vol|sys|proc) *'";
    for (String shape : List.of("plain", "volumes", "privileged")) {
      Answers answers = ask(shape(shape), script);
      assertThat(optionsOf(answers.own())).as(shape).isEqualTo(optionsOf(answers.crun()));
    }
  }

  private static Set<String> optionsOf(String mounts) {
    return mounts
        .lines()
        .filter(
            line ->
                line.matches("(/dev|/dev/pts|/dev/shm|/dev/mqueue|/sys|/proc|/scratch/deep) .*"))
        .map(line -> String.join(",", new java.util.TreeSet<>(List.of(line.split("[ ,]")))))
        .collect(Collectors.toSet());
  }
}
