package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The server as stock kubectl sees it; skipped where there is no kubectl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubectlTest {
  private static final Path KUBECTL = Path.of("/usr/bin/kubectl");
  private static final String CONFIG_MAP =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: applied}
      data: {k: "%s"}
      """;
  private static final String CRD =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: {name: crontabs.stable.example.com}
      spec:
        group: stable.example.com
        scope: Namespaced
        names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct]}
        versions:
        - name: v1
          served: true
          storage: true
          subresources:
            status: {}
            scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec:
                  type: object
                  description: What is wanted.
                  properties:
                    image: {type: string, default: busybox}
                    replicas: {type: integer, minimum: 1, maximum: 10}
      """;

  private TestServer server;
  private Path home;

  @BeforeAll
  void start(@TempDir Path directory) throws IOException, InterruptedException {
    Assumptions.assumeTrue(Files.isExecutable(KUBECTL), "there is no /usr/bin/kubectl");
    home = directory;
    server = TestServer.start(directory.resolve("store"), 0);
  }

  @AfterAll
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  /** What it printed, errors too; single lines are stripped. */
  private String kubectl(String input, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(KUBECTL.toString(), "--server=" + server.url()));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("HOME", home.toString());
    builder.environment().put("KUBECONFIG", "/dev/null");
    Process process = builder.start();
    try {
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String printed =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return printed;
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aSecondApplyChangesNothing() throws Exception {
    String first = CONFIG_MAP.formatted("1");
    assertThat(kubectl(first, "apply", "-f", "-")).isEqualTo("configmap/applied created");
    assertThat(kubectl(first, "apply", "-f", "-")).isEqualTo("configmap/applied unchanged");
    assertThat(kubectl(CONFIG_MAP.formatted("2"), "apply", "-f", "-"))
        .isEqualTo("configmap/applied configured");
    assertThat(
            kubectl(
                CONFIG_MAP.formatted("3"),
                "apply",
                "--server-side",
                "--force-conflicts",
                "-f",
                "-"))
        .isEqualTo("configmap/applied serverside-applied");
    assertThat(kubectl("", "get", "cm", "applied", "-o", "jsonpath={.data.k}")).isEqualTo("3");
  }

  @Test
  void createSpeaksProtobuf() throws Exception {
    assertThat(kubectl("", "create", "secret", "generic", "s", "--from-literal=p=q"))
        .isEqualTo("secret/s created");
    assertThat(kubectl("", "get", "secret", "s", "-o", "jsonpath={.data.p}")).isEqualTo("cQ==");
    assertThat(kubectl("", "create", "deployment", "zero", "--image=i", "--replicas=0"))
        .isEqualTo("deployment.apps/zero created");
    assertThat(kubectl("", "get", "deploy", "zero", "-o", "jsonpath={.spec.replicas}"))
        .isEqualTo("0");
  }

  @Test
  void explainAndDiscoveryKnowTheKinds() throws Exception {
    assertThat(kubectl("", "explain", "deployment.spec.replicas")).contains("<integer>");
    assertThat(kubectl("", "api-resources", "-o", "name"))
        .contains("deployments.apps", "ngroups.containers.nacelle.dev");
  }

  @Test
  void aCustomKindComesAndGoes() throws Exception {
    kubectl(CRD, "apply", "-f", "-");
    kubectl(
        "",
        "wait",
        "--for=condition=Established",
        "crd/crontabs.stable.example.com",
        "--timeout=20s");
    String object =
        "apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: my}\n"
            + "spec: {replicas: REPLICAS}\n";
    assertThat(eventually(object.replace("REPLICAS", "3"), "apply", "-f", "-"))
        .isEqualTo("crontab.stable.example.com/my created");
    assertThat(kubectl("", "get", "ct", "my", "-o", "jsonpath={.spec.image}")).isEqualTo("busybox");
    assertThat(kubectl(object.replace("REPLICAS", "30"), "apply", "-f", "-"))
        .contains("should be less than or equal to 10");
    assertThat(kubectl("", "scale", "ct", "my", "--replicas=5"))
        .isEqualTo("crontab.stable.example.com/my scaled");
    assertThat(kubectl("", "explain", "ct.spec")).contains("What is wanted.");
    kubectl("", "delete", "crd", "crontabs.stable.example.com");
    assertThat(kubectl("", "get", "ct")).contains("the server");
    // what comes back under the same name begins empty
    kubectl(CRD, "apply", "-f", "-");
    assertThat(eventually("", "get", "ct")).isEqualTo("No resources found in default namespace.");
  }

  /** A new kind is known to discovery a moment after it is established. */
  private String eventually(String input, String... arguments)
      throws IOException, InterruptedException {
    String printed = "";
    for (int i = 0; i < 20; i++) {
      printed = kubectl(input, arguments);
      if (!printed.contains("no matches for kind") && !printed.contains("the server")) {
        break;
      }
    }
    return printed;
  }
}
