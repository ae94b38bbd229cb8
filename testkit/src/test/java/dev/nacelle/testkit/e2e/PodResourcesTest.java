package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a pod asks for is really set: control groups, volumes, the downward API, identity. */
@Tag("e2e")
class PodResourcesTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("res");

  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: full
        labels: {app: full}
        annotations: {note: "of the pod"}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            command: ["sleep", "100000"]
            resources:
              requests: {cpu: 100m, memory: 32Mi}
              limits: {cpu: 250m, memory: 64Mi}
            env:
              - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
              - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
              - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
              - {name: JOINED, value: "$(NODE)/x"}
            volumeMounts:
              - {name: disk, mountPath: /disk}
              - {name: memory, mountPath: /memory}
              - {name: about, mountPath: /about}
              - {name: disk, mountPath: /part, subPath: inner}
          - name: second
            image: nacelle.test/busybox:1
            command: ["sleep", "100000"]
            resources: {limits: {cpu: 100m, memory: 32Mi}}
            volumeMounts: [{name: disk, mountPath: /disk}]
        volumes:
          - {name: disk, emptyDir: {}}
          - {name: memory, emptyDir: {medium: Memory, sizeLimit: 8Mi}}
          - name: about
            downwardAPI:
              items:
                - {path: labels, fieldRef: {fieldPath: metadata.labels}}
                - {path: note, fieldRef: {fieldPath: "metadata.annotations['note']"}}
      """;

  @BeforeAll
  static void run() {
    PLATFORM.kubectl().apply(POD);
    PLATFORM.kubectl().await("condition=Ready", "pod/full");
  }

  @Test
  void limitsAreSetOnTheContainersControlGroup() {
    long pid = ContainerProcess.pid(PLATFORM.kubectl(), "full", "main");
    assertThat(controlFile(pid, "memory", "memory.limit_in_bytes", "memory.max"))
        .isEqualTo(Long.toString(64L << 20));
    Optional<Path> quota = controlPath(pid, "cpu", "cpu.cfs_quota_us");
    if (quota.isPresent()) {
      assertThat(read(quota.get())).isEqualTo("25000");
      assertThat(controlFile(pid, "cpu", "cpu.shares", "cpu.weight")).isEqualTo("102");
    } else {
      assertThat(controlFile(pid, "", "cpu.max", "cpu.max")).isEqualTo("25000 100000");
    }
    assertThat(inMain("sh", "-c", "echo $MEMORY")).isEqualTo((64L << 20) + "\n");
  }

  @Test
  void aContainerThatUsesMoreMemoryThanItsLimitIsKilledForThat() {
    PLATFORM
        .kubectl()
        .apply(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: greedy}
            spec:
              restartPolicy: Never
              containers:
                - name: main
                  image: nacelle.test/busybox:1
                  command: ["sh", "-c", "exec tail /dev/zero"]
                  resources: {limits: {memory: 16Mi}}
            """);
    PLATFORM
        .kubectl()
        .awaitPath(
            "{.status.containerStatuses[0].state.terminated.reason}",
            "OOMKilled"::equals,
            "pod",
            "greedy");
    assertThat(
            PLATFORM
                .kubectl()
                .path("{.status.containerStatuses[0].state.terminated.exitCode}", "pod", "greedy"))
        .isEqualTo("137");
  }

  @Test
  void theQualityOfServiceClassFollowsFromTheResources() {
    assertThat(PLATFORM.kubectl().path("{.status.qosClass}", "pod", "full")).isEqualTo("Burstable");
  }

  @Test
  void containersOfAPodShareAnEmptyDir() {
    inMain("sh", "-c", "echo shared > /disk/file; echo part > /part/file");
    assertThat(PLATFORM.kubectl().ok("exec", "full", "-c", "second", "--", "cat", "/disk/file"))
        .isEqualTo("shared\n");
    assertThat(
            PLATFORM.kubectl().ok("exec", "full", "-c", "second", "--", "cat", "/disk/inner/file"))
        .isEqualTo("part\n");
  }

  @Test
  void aMemoryVolumeIsInMemoryAndBounded() {
    assertThat(inMain("grep", " /memory ", "/proc/mounts")).contains("tmpfs", "size=8192k");
  }

  @Test
  void theDownwardApiTellsThePodAboutItself() {
    assertThat(inMain("cat", "/about/labels")).isEqualTo("app=\"full\"");
    assertThat(inMain("cat", "/about/note")).isEqualTo("of the pod");
    String node = PLATFORM.kubectl().path("{.spec.nodeName}", "pod", "full");
    String address = PLATFORM.kubectl().path("{.status.podIP}", "pod", "full");
    assertThat(inMain("sh", "-c", "echo $NODE $IP $JOINED"))
        .isEqualTo(node + " " + address + " " + node + "/x\n");
    assertThat(inMain("hostname")).isEqualTo("full\n");
    assertThat(inMain("cat", "/etc/hosts")).contains(address + "\tfull");
  }

  @Test
  void thePodHasATokenWithWhichItCanSpeakToTheApi() {
    assertThat(inMain("ls", "/var/run/secrets/kubernetes.io/serviceaccount"))
        .isEqualTo("ca.crt\nnamespace\ntoken\n");
    String token = inMain("cat", "/var/run/secrets/kubernetes.io/serviceaccount/token");
    JsonObject who =
        JsonReader.readObject(
                Bytes.utf8(PLATFORM.get().kubectlBearing(token).ok("auth", "whoami", "-o", "json")))
            .object("status", "userInfo");
    assertThat(who.string("username")).contains("system:serviceaccount:default:default");
    assertThat(who.array("extra", "authentication.kubernetes.io/pod-name").strings())
        .containsExactly("full");
    assertThat(inMain("sh", "-c", "echo $KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT"))
        .matches("10\\.\\d+\\.0\\.1:443\n");
    // nobody's rights suffice for the list; the name and the token lead to the API all the same
    assertThat(
            inMain(
                "sh",
                "-c",
                "cd /var/run/secrets/kubernetes.io/serviceaccount; wget -q -O - -S"
                    + " --no-check-certificate --header \"Authorization: Bearer $(cat token)\""
                    + " https://kubernetes.default.svc/api/v1/namespaces/default/pods 2>&1; true"))
        .contains("403 Forbidden");
  }

  private static String inMain(String... words) {
    return PLATFORM.kubectl().command("exec", "full", "-c", "main", "--").with(words).run().ok();
  }

  private static String controlFile(long pid, String controller, String legacy, String unified) {
    return read(
        controlPath(pid, controller, legacy)
            .or(() -> controlPath(pid, "", unified))
            .orElseThrow(() -> new AssertionError("no " + legacy + " for process " + pid)));
  }

  /** A file of the group in which a process is, in the hierarchy of a controller. */
  private static Optional<Path> controlPath(long pid, String controller, String file) {
    for (String line : read(Path.of("/proc", Long.toString(pid), "cgroup")).split("\n")) {
      String[] parts = line.split(":", 3);
      if (List.of(parts[1].split(",")).contains(controller)) {
        String group = parts[2].substring(1);
        for (String mount : List.of(parts[1], controller, "", "unified")) {
          Path path = Path.of("/sys/fs/cgroup").resolve(mount).resolve(group).resolve(file);
          if (Files.exists(path)) {
            return Optional.of(path);
          }
        }
      }
    }
    return Optional.empty();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
