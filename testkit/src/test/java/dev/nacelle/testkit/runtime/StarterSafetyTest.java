package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus.ExitReason;
import dev.nacelle.runtime.Mount;
import dev.nacelle.runtime.ProcessUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Images, volumes and commands that try to reach the host through the native starter. */
final class StarterSafetyTest {
  private RuntimeFixture fixture;
  private RuntimeRig rig;
  private Path outside;
  private Path volume;

  @BeforeEach
  void open() throws Exception {
    RuntimeFixture.assume();
    fixture = new RuntimeFixture();
    rig = fixture.rig(Set.of());
    outside = Files.createTempDirectory("starter-outside-");
    volume = Files.createTempDirectory("starter-volume-");
    Files.writeString(volume.resolve("file"), "of the volume\n");
  }

  @AfterEach
  void close() throws Exception {
    if (fixture == null) {
      return;
    }
    fixture.close();
    assertThat(outside).isEmptyDirectory();
    Files.delete(outside);
    Files.delete(volume.resolve("file"));
    Files.delete(volume);
  }

  private Path inRoot(String path) {
    return fixture.root().resolve(path);
  }

  private void link(String path, Path target) throws IOException {
    Files.deleteIfExists(inRoot(path));
    Files.createSymbolicLink(inRoot(path), target);
  }

  private ContainerSpec.Builder withVolume(String target, String script) {
    return rig.shell(script)
        .mounts(List.of(new Mount.Bind(volume, target, Set.of(), Mount.Propagation.NONE)));
  }

  private void refused(ContainerSpec spec, String... words) {
    assertThatThrownBy(() -> fixture.runtime().runContainer(spec))
        .isInstanceOf(ContainerRuntimeException.class)
        .hasMessageContainingAll(words);
    assertThat(rig.exit(spec.id()).code()).isEqualTo(128);
    assertThat(rig.exit(spec.id()).reason()).isEqualTo(ExitReason.START_ERROR);
  }

  // --- links in an image ---

  @Test
  void aMountTargetThatIsALinkStaysInTheContainer() throws Exception {
    link("data", outside);
    ContainerSpec spec = withVolume("/data/deep", "cat /data/deep/file; ls -d " + outside).build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("of the volume\n" + outside + "\n");
  }

  @Test
  void aRelativeLinkUpwardsStaysInTheContainer() throws Exception {
    Path up = Path.of("../../../../../../../../../..");
    link("data", up.resolve(outside.toString().substring(1)));
    ContainerSpec spec = withVolume("/data", "cat /data/file").build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("of the volume\n");
  }

  @Test
  void aFileIsMountedWhereADanglingLinkPoints() throws Exception {
    link("etc/resolv.conf", Path.of("../run/made/stub.conf"));
    ContainerSpec spec =
        rig.shell("cat /etc/resolv.conf /run/made/stub.conf")
            .mounts(
                List.of(
                    new Mount.Bind(
                        volume.resolve("file"),
                        "/etc/resolv.conf",
                        Set.of(),
                        Mount.Propagation.NONE)))
            .build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("of the volume\nof the volume\n");
  }

  @Test
  void linksThatLeadInCirclesAreRefused() throws Exception {
    link("a", Path.of("b"));
    link("b", Path.of("a"));
    refused(withVolume("/a/x", "true").build(), "\"/a/x\"", "too many levels of symbolic links");
  }

  @Test
  void aRootWhoseProcOrSysIsALinkIsRefused() throws Exception {
    for (String name : List.of("proc", "sys")) {
      Files.delete(inRoot(name));
      link(name, Path.of("/tmp"));
      refused(rig.shell("true").build(), "must be mounted on ordinary directory: /" + name);
      Files.delete(inRoot(name));
      Files.createDirectory(inRoot(name));
    }
  }

  @Test
  void devicesAreMadeInTheContainerWhateverItsDevIs() throws Exception {
    Files.delete(inRoot("dev"));
    link("dev", outside);
    ContainerSpec spec = rig.shell("ls " + outside + "; cat /dev/null").build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).contains("null").contains("urandom");
  }

  @Test
  void nothingIsMountedOverTheKernelsFiles() {
    refused(withVolume("/proc/sys/kernel", "true").build(), "/proc/sys/kernel", "inside /proc");
    refused(withVolume("/proc/self/attr", "true").build(), "/proc/self/attr", "inside /proc");
  }

  // --- programs and descriptors of the host ---

  @Test
  void theStartersOwnProgramAsACommandHarmsNothing() throws Exception {
    byte[] before = Files.readAllBytes(monitorFile());
    ContainerSpec self = rig.spec("/proc/self/exe").build();
    assertThat(rig.run(self).code()).isNotZero();
    ContainerSpec spec =
        rig.shell(
                "while true; do for p in /proc/[0-9]*; do (echo x > $p/exe) 2>/dev/null"
                    + " && echo wrote $p; done; done")
            .privileged()
            .build();
    fixture.runtime().runContainer(spec);
    for (int i = 0; i < 50; i++) {
      var result =
          fixture.runtime().execSync(spec.id(), List.of("true"), Duration.ofSeconds(20), 100);
      assertThat(result.exitCode()).isZero();
    }
    assertThatThrownBy(
            () ->
                assertThat(
                        fixture
                            .runtime()
                            .execSync(
                                spec.id(), List.of("/proc/self/exe"), Duration.ofSeconds(20), 100)
                            .exitCode())
                    .isZero())
        .isInstanceOf(AssertionError.class);
    assertThat(rig.output(spec.id()).lines().filter(l -> !l.endsWith("/proc/1"))).isEmpty();
    assertThat(Files.readAllBytes(monitorFile())).isEqualTo(before);
    ContainerSpec after = rig.shell("echo well").build();
    rig.run(after);
    assertThat(rig.output(after.id())).isEqualTo("well\n");
  }

  private Path monitorFile() throws IOException {
    try (var files = Files.list(fixture.bin())) {
      return files
          .filter(path -> String.valueOf(path.getFileName()).startsWith("monitor-"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void monitorsRunFromSealedMemory() throws Exception {
    ContainerSpec spec = rig.shell("while true; do sleep 1; done").build();
    fixture.runtime().runContainer(spec);
    ProcessHandle monitor = RuntimeRig.monitor(spec.id()).orElseThrow();
    Path program = Path.of("/proc/" + monitor.pid() + "/exe");
    assertThat(Files.readSymbolicLink(program).toString()).startsWith("/memfd:");
    assertThatThrownBy(() -> Files.write(program, new byte[] {1})).isInstanceOf(IOException.class);
  }

  @Test
  void aWorkingDirectoryNamedByDescriptorLeadsNowhere() {
    for (int fd = 3; fd < 24; fd++) {
      ContainerSpec spec = rig.shell("ls -la").cwd("/proc/self/fd/" + fd).build();
      assertThatThrownBy(() -> fixture.runtime().runContainer(spec))
          .isInstanceOf(ContainerRuntimeException.class)
          .hasMessageContaining("/proc/self/fd/" + fd);
    }
  }

  @Test
  void aCommandNamedByDescriptorIsNotFound() {
    for (int fd = 3; fd < 24; fd++) {
      refused(rig.spec("/proc/self/fd/" + fd).build(), "exec", "/proc/self/fd/" + fd);
    }
  }

  @Test
  void aContainerHasNoDescriptorsButItsStreams() {
    ContainerSpec spec = rig.shell("ls /proc/1/fd; true").build();
    rig.run(spec);
    assertThat(rig.output(spec.id()).lines()).containsExactly("0", "1", "2");
  }

  @Test
  void beneathTheRootThereIsNothing() {
    ContainerSpec spec =
        rig.shell(
                "/bin/busybox umount -l /proc /dev 2>&1; /bin/busybox chroot / /bin/sh -c"
                    + " 'cd ../../../..; ls'; grep -c . /proc/self/mountinfo")
            .build();
    rig.run(spec);
    assertThat(rig.output(spec.id())).contains("bin").doesNotContain("boot");
  }

  // --- files of an image that are no files ---

  @Test
  void aPipeInThePlaceOfThePasswordFileHangsNothing() throws Exception {
    Files.delete(inRoot("etc/passwd"));
    assertThat(new ProcessBuilder("mkfifo", inRoot("etc/passwd").toString()).start().waitFor())
        .isZero();
    ContainerSpec spec = rig.shell("echo $HOME").build();
    assertThat(rig.run(spec).code()).isZero();
    assertThat(rig.output(spec.id())).isEqualTo("/\n");
  }

  // --- what is said of commands that cannot run ---

  @Test
  void aCommandThatCannotRunIsReportedInTheUsualWords() throws Exception {
    Files.writeString(inRoot("etc/text"), "not a program");
    Files.copy(inRoot("etc/text"), inRoot("bin/odd"));
    assertThat(inRoot("bin/odd").toFile().setExecutable(true)).isTrue();
    refused(rig.spec("foo").build(), "exec: \"foo\": executable file not found in $PATH");
    refused(
        rig.spec("/no/such").build(),
        "unable to start container process: exec: \"/no/such\": stat /no/such:"
            + " no such file or directory");
    refused(rig.spec("/etc/text").build(), "exec: \"/etc/text\": permission denied");
    refused(rig.spec("/etc").build(), "exec: \"/etc\": is a directory");
    refused(rig.spec("/bin/odd").build(), "exec /bin/odd: exec format error");
  }

  @Test
  void aCommandOfAnotherUserIsRefused() throws Exception {
    Path program = Files.copy(inRoot("bin/busybox"), inRoot("bin/secret"));
    Files.setPosixFilePermissions(
        program, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
    refused(
        rig.spec("/bin/secret")
            .user(new ProcessUser(1000, 1000, List.of()))
            .capabilities(Set.of())
            .build(),
        "exec: \"/bin/secret\": permission denied");
  }

  @Test
  void aFailedStartLeavesNoLinkToTheContainersFiles() {
    ContainerSpec spec = rig.spec("foo").build();
    refused(spec, "foo");
    fixture.runtime().removeContainer(spec.id());
    assertThat(fixture.run().resolve("containers/" + spec.id())).doesNotExist();
    assertThat(Files.exists(inRoot("proc/self"), LinkOption.NOFOLLOW_LINKS)).isFalse();
  }
}
