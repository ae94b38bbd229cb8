package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the parts of the platform ask of each other from the first moment on, by the audit log. */
@Tag("e2e")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FirstStartTest {
  private static final String WEB =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 2
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            terminationGracePeriodSeconds: 0
            volumes: [{name: settings, configMap: {name: settings}}]
            containers:
              - name: main
                image: "nacelle.test/busybox:1"
                command: ["sleep", "100000"]
                volumeMounts: [{name: settings, mountPath: /settings}]
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: settings}
      data: {key: first}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec: {selector: {app: web}, ports: [{port: 80}]}
      """;

  private PlatformUnderTest platform;
  private Path audit;

  @BeforeAll
  void start() throws IOException {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    platform = PlatformUnderTest.create("first");
    audit = platform.scratch().resolve("audit.log");
    Path policy = platform.scratch().resolve("policy.yaml");
    Files.writeString(
        policy,
        "{apiVersion: audit.k8s.io/v1, kind: Policy, omitStages: [RequestReceived],"
            + " rules: [{level: Metadata}]}");
    platform.up("--audit-policy-file", policy.toString(), "--audit-log-path", audit.toString());
    platform.importBusybox();
    platform.kubectl().apply(WEB);
    platform.kubectl().ok("rollout", "status", "deployment/web", "--timeout=60s");
    platform.kubectl().ok("scale", "deployment/web", "--replicas=1");
    platform.kubectl().ok("rollout", "status", "deployment/web", "--timeout=60s");
  }

  @AfterAll
  void purge() {
    if (platform != null) {
      platform.close();
    }
  }

  private List<JsonObject> events() throws IOException {
    return Files.readAllLines(audit).stream()
        .map(line -> JsonReader.readObject(Bytes.utf8(line)))
        .toList();
  }

  private static String user(JsonObject event) {
    return event.string("user", "username").orElse("");
  }

  @Test
  void nobodyIsRefused() throws IOException {
    assertThat(events()).hasSizeGreaterThan(100);
    assertThat(events())
        .filteredOn(event -> event.integer("responseStatus", "code").orElse(0) == 403)
        .isEmpty();
    assertThat(Files.readAllLines(platform.data().resolve("logs/nacelle.log")))
        .noneMatch(line -> line.contains("forbidden") || line.contains("Forbidden"));
  }

  @Test
  void allPodsAreHeldOnce() throws IOException {
    assertThat(events())
        .filteredOn(event -> event.string("verb").orElse("").equals("watch"))
        .filteredOn(
            event -> event.string("requestURI").orElse("").equals("/api/v1/pods?watch=true"))
        .extracting(FirstStartTest::user)
        .containsOnly("system:informers");
  }

  @Test
  void nodeFollowsWhatItsPodsReferTo() throws IOException {
    List<JsonObject> settings =
        events().stream()
            .filter(event -> user(event).startsWith("system:node:"))
            .filter(event -> event.string("objectRef", "name").orElse("").equals("settings"))
            .toList();
    assertThat(settings)
        .extracting(event -> event.string("verb").orElse(""))
        .contains("get", "list", "watch");
  }
}
