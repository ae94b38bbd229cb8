package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Images as volumes of pods, with a real kubectl, Debian's registry, and a platform that dies. */
@Tag("e2e")
class ImageVolumeTest {
  @RegisterExtension static final SharedPlatform SHARED = new SharedPlatform("imgvol");

  private static final String DATA = "nacelle.test/data:1";

  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: reader}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: whole
            image: %1$s
            command: [sh, -c, "while [ ! -e /tmp/end ]; do sleep 1; done"]
            volumeMounts: [{name: data, mountPath: /data}]
          - name: part
            image: %1$s
            command: [sleep, "100000"]
            volumeMounts: [{name: data, mountPath: /part, subPath: %3$s}]
        volumes:
          - name: data
            image: {reference: "%2$s"}
      """;

  private static String pod(String reference, String subPath) {
    return POD.formatted(PlatformUnderTest.IMAGE, reference, subPath);
  }

  private static void importData(String content) throws IOException {
    Path tree = Files.createTempDirectory(SHARED.get().scratch(), "data");
    Files.writeString(Files.createDirectory(tree.resolve("dir")).resolve("file"), content);
    Path program = Files.writeString(tree.resolve("program"), "#!/bin/sh\necho ran\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    SHARED.get().verb("image", "import", tree.toString(), "--name", DATA).run().ok();
  }

  /** The mount points of volumes on this host. */
  private static List<String> volumes() {
    String below = SHARED.get().data() + "/node/containers/volume.";
    try {
      return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
          .map(line -> line.split(" ", 3)[1])
          .filter(target -> target.startsWith(below))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Kubectl kubectl, String container, String file) {
    return kubectl.ok("exec", "reader", "-c", container, "--", "cat", file);
  }

  private static void awaitReason(Kubectl kubectl, String reason) {
    kubectl.awaitPath(
        "{.status.containerStatuses[*].state.waiting.reason}",
        seen -> seen.contains(reason),
        "pod",
        "reader");
  }

  @Test
  void anImportedImageIsAVolumeThatOutlivesPlatformAndContainers() throws Exception {
    Kubectl kubectl = SHARED.kubectlIn("imported");
    importData("original");
    kubectl.apply(pod(DATA, "dir"));
    kubectl.await("condition=Ready", "pod/reader");
    assertThat(read(kubectl, "whole", "/data/dir/file")).isEqualTo("original");
    assertThat(read(kubectl, "part", "/part/file")).isEqualTo("original");
    assertThat(kubectl.run("exec", "reader", "-c", "whole", "--", "touch", "/data/new").err())
        .contains("Read-only file system");
    assertThat(kubectl.run("exec", "reader", "-c", "whole", "--", "/data/program").all())
        .containsIgnoringCase("permission denied");
    assertThat(kubectl.ok("describe", "pod", "reader"))
        .contains("a container image or OCI artifact", DATA, "IfNotPresent");
    assertThat(volumes()).hasSize(1);

    SHARED.get().verb("image", "prune").run().ok();
    assertThat(read(kubectl, "whole", "/data/program")).contains("echo ran");

    SHARED.get().kill();
    SHARED.get().up();
    assertThat(read(kubectl, "whole", "/data/dir/file")).isEqualTo("original");
    kubectl.ok("exec", "reader", "-c", "whole", "--", "touch", "/tmp/end");
    kubectl.awaitPath(
        "{.status.containerStatuses[?(@.name==\"whole\")].restartCount}",
        "1"::equals,
        "pod",
        "reader");
    kubectl.await("condition=Ready", "pod/reader");
    assertThat(read(kubectl, "whole", "/data/dir/file")).isEqualTo("original");
    assertThat(volumes()).hasSize(1);
    SHARED.get().verb("image", "prune").run().ok();
    assertThat(SHARED.get().verb("image", "ls").run().ok()).contains("nacelle.test/data:1");

    kubectl.ok("delete", "pod", "reader");
    Eventually.holds("the volume is unmounted", () -> volumes().isEmpty());
    SHARED.get().verb("image", "prune").run().ok();
    assertThat(SHARED.get().verb("image", "ls").run().ok()).doesNotContain("nacelle.test/data:1");
    SHARED.get().importBusybox();
  }

  /** A registry for one user alone. */
  private static DebianRegistry registryOf(Path directory, String user, String password)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path passwords =
        Files.writeString(
            directory.resolve("passwords"),
            Command.of("htpasswd", "-Bbn", user, password).run().ok());
    return DebianRegistry.start(
        directory, "auth: {htpasswd: {realm: it, path: \"" + passwords + "\"}}\n");
  }

  @Test
  void anImageIsPulledWithTheSecretsOfTheServiceAccountOneOfThemWrong() throws Exception {
    assumeTrue(DebianRegistry.isInstalled(), "needs Debian's docker-registry");
    assumeTrue(Command.find("htpasswd").isPresent(), "needs htpasswd");
    assumeTrue(Command.find("skopeo").isPresent(), "needs skopeo");
    Kubectl kubectl = SHARED.kubectlIn("secrets");
    Path scratch = Files.createTempDirectory(SHARED.get().scratch(), "guarded");
    OciImage.ofBusybox(scratch);
    try (var registry = registryOf(scratch.resolve("registry"), "ann", "right")) {
      String host = "127.0.0.1:" + registry.port();
      Command.of("skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false")
          .with("--dest-creds=ann:right", "oci:" + scratch.resolve("image") + ":it")
          .with("docker://" + host + "/it/data:1")
          .run()
          .ok();
      kubectl.apply(pod(host + "/it/data:1", "etc"));
      awaitReason(kubectl, "ImagePullBackOff");
      kubectl.ok("delete", "pod", "reader");
      for (String password : List.of("wrong", "right")) {
        kubectl.ok(
            "create",
            "secret",
            "docker-registry",
            password,
            "--docker-server=" + host,
            "--docker-username=ann",
            "--docker-password=" + password);
      }
      kubectl.ok(
          "patch",
          "serviceaccount",
          "default",
          "-p",
          "{\"imagePullSecrets\":[{\"name\":\"wrong\"},{\"name\":\"right\"}]}");
      kubectl.apply(pod(host + "/it/data:1", "etc"));
      kubectl.await("condition=Ready", "pod/reader");
      assertThat(read(kubectl, "whole", "/data/etc/passwd")).contains("root:");
      assertThat(read(kubectl, "part", "/part/passwd")).contains("root:");
      assertThat(kubectl.ok("describe", "pod", "reader"))
          .contains("Successfully pulled image \"" + host + "/it/data:1\"");
      kubectl.ok("delete", "pod", "reader");
    }
  }

  @Test
  void whatIsNotThereIsNamedInTheStateOfTheContainer() throws Exception {
    Kubectl kubectl = SHARED.kubectlIn("absent");
    importData("x");
    kubectl.apply(pod("127.0.0.1:1/no/where:1", "dir"));
    awaitReason(kubectl, "ImagePullBackOff");
    assertThat(
            kubectl.path("{.status.containerStatuses[0].state.waiting.message}", "pod", "reader"))
        .startsWith(
            "Back-off pulling image \"127.0.0.1:1/no/where:1\": RegistryUnavailable: image pull"
                + " failed for 127.0.0.1:1/no/where:1 because the registry is unavailable: ");
    kubectl.ok("delete", "pod", "reader");
    kubectl.apply(pod("No/Name", "dir"));
    awaitReason(kubectl, "InvalidImageName");
    kubectl.ok("delete", "pod", "reader");
    kubectl.apply(pod(DATA, "no/where"));
    awaitReason(kubectl, "CreateContainerError");
    assertThat(kubectl.path("{.status.containerStatuses[*].state.running}", "pod", "reader"))
        .isNotEmpty();
    kubectl.ok("delete", "pod", "reader");
  }
}
