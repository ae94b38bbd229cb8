package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.runtime.ContainerStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Pods and containers for tests. */
public final class Pods {
  private static final Instant BEGAN = Instant.parse("2026-01-02T03:00:00Z");

  private Pods() {}

  /** The pod {@code a} of the namespace {@code ns} with a spec in YAML. */
  public static PodView pod(String spec) {
    return pod(spec, "{}");
  }

  /** The same with a status. */
  public static PodView pod(String spec, String status) {
    return new PodView(
        new KubeObject(
                yaml(
                    """
                    apiVersion: v1
                    kind: Pod
                    metadata:
                      name: a
                      namespace: ns
                      uid: u-1
                      generation: 7
                      labels: {app: web}
                    """))
            .withSpec(yaml(spec))
            .withStatus(yaml(status)));
  }

  public static JsonObject yaml(String text) {
    return (JsonObject) YamlReader.read(Bytes.utf8(text));
  }

  static ContainerStatus status(String name) {
    return new ContainerStatus(
        "id-" + name,
        "s-0",
        ContainerStatus.State.RUNNING,
        OptionalInt.of(42),
        BEGAN,
        Optional.of(BEGAN),
        Optional.empty(),
        Optional.empty(),
        Path.of("/log"),
        0,
        Map.of());
  }

  static ContainerStatus exited(String name, int code, Instant at, Duration ran) {
    return new ContainerStatus(
        "id-" + name,
        "s-0",
        ContainerStatus.State.EXITED,
        OptionalInt.empty(),
        at.minus(ran),
        Optional.of(at.minus(ran)),
        Optional.empty(),
        Optional.of(
            new ContainerStatus.Exit(
                code,
                OptionalInt.empty(),
                code == 0 ? ContainerStatus.ExitReason.COMPLETED : ContainerStatus.ExitReason.ERROR,
                "",
                at)),
        Path.of("/log"),
        0,
        Map.of());
  }

  static ContainerRecord running(String name) {
    return ContainerRecord.NEW.startedAs(status(name), 0, "sha256:1");
  }

  static ContainerRecord ready(String name) {
    return running(name).probed(ContainerRecord.ProbeState.PASSED);
  }

  static ContainerRecord ended(String name, int code, Instant at) {
    return running(name).ended(exited(name, code, at, Duration.ofSeconds(1)), "", 1, at);
  }
}
