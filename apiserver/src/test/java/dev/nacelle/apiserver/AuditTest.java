package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What is written down of requests; each test finds its own by their Audit-Id or their user. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String POLICY =
      """
      apiVersion: audit.k8s.io/v1
      kind: Policy
      omitManagedFields: true
      rules:
      - {level: None, users: ["system:apiserver"]}
      - {level: None, nonResourceURLs: ["/version"]}
      - {level: Metadata, resources: [{resources: [secrets]}]}
      - {level: Request, verbs: [patch, delete]}
      - {level: RequestResponse, verbs: [create, update, get], omitStages: [RequestReceived]}
      - {level: Metadata}
      """;

  private final Metrics metrics = new Metrics();
  private Path log;
  private Audit audit;
  private TestServer server;
  private Http http;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    Path policy = directory.resolve("policy.yaml");
    Files.writeString(policy, POLICY);
    log = directory.resolve("audit.log");
    audit = Audit.open(new Audit.Options(policy, log, 1, 0, 0), InstantSource.system(), metrics);
    server = TestServer.audited(directory.resolve("store"), audit, metrics);
    http = new Http(server.url());
  }

  @AfterAll
  void stop() {
    http.close();
    server.close();
    audit.close();
  }

  private List<JsonObject> events() {
    try {
      return Files.readAllLines(log).stream().map(Http::json).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<JsonObject> of(String id) {
    return events().stream().filter(e -> e.string("auditID").orElse("").equals(id)).toList();
  }

  /** The events of a request, once there are so many. */
  private List<JsonObject> awaited(String id, int count) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (of(id).size() < count) {
      assertThat(System.nanoTime()).as("events of " + id + ": " + of(id)).isLessThan(end);
      Thread.sleep(5);
    }
    return of(id);
  }

  private static List<String> stages(List<JsonObject> events) {
    return events.stream().map(e -> e.string("stage").orElse("")).toList();
  }

  private Http.Reply send(String id, String method, String path, String body) throws Exception {
    return http.send(
        method,
        path,
        body,
        "audit-id",
        id,
        "content-type",
        method.equals("PATCH") ? "application/merge-patch+json" : "application/json");
  }

  @Test
  void createIsWrittenWithWhatWasSentAndAnswered() throws Exception {
    send("create", "POST", CONFIG_MAPS, "{'metadata':{'name':'made'},'data':{'a':'b'}}");
    JsonObject event = awaited("create", 1).getFirst();
    assertThat(event.string("kind")).contains("Event");
    assertThat(event.string("apiVersion")).contains("audit.k8s.io/v1");
    assertThat(event.string("level")).contains("RequestResponse");
    assertThat(event.string("stage")).contains("ResponseComplete");
    assertThat(event.string("requestURI")).contains(CONFIG_MAPS);
    assertThat(event.string("verb")).contains("create");
    assertThat(event.string("user", "username")).contains("system:tester");
    assertThat(event.array("sourceIPs").strings()).containsExactly("127.0.0.1");
    assertThat(event.object("objectRef"))
        .isEqualTo(
            Http.json(
                "{'resource':'configmaps','namespace':'default','apiVersion':'v1','name':'made'}"));
    assertThat(event.integer("responseStatus", "code")).hasValue(201);
    assertThat(event.string("requestObject", "data", "a")).contains("b");
    assertThat(event.string("responseObject", "metadata", "uid")).isPresent();
    assertThat(event.object("responseObject", "metadata").has("managedFields")).isFalse();
    assertThat(event.string("annotations", "authorization.k8s.io/decision")).contains("allow");
    assertThat(event.string("requestReceivedTimestamp").orElse(""))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
  }

  @Test
  void secretsAreNamedButNotShown() throws Exception {
    send(
        "secret",
        "POST",
        "/api/v1/namespaces/default/secrets",
        "{'metadata':{'name':'quiet'},'stringData':{'password':'hidden'}}");
    List<JsonObject> events = awaited("secret", 2);
    assertThat(stages(events)).containsExactly("RequestReceived", "ResponseComplete");
    assertThat(events.getLast().string("objectRef", "name")).contains("quiet");
    assertThat(events).noneMatch(e -> e.has("requestObject") || e.has("responseObject"));
    assertThat(Files.readString(log)).doesNotContain("hidden");
  }

  @Test
  void failureSaysWhy() throws Exception {
    send("missing", "GET", CONFIG_MAPS + "/nowhere", "");
    JsonObject event = awaited("missing", 1).getFirst();
    assertThat(event.integer("responseStatus", "code")).hasValue(404);
    assertThat(event.string("responseStatus", "reason")).contains("NotFound");
    assertThat(event.string("responseStatus", "message"))
        .contains("configmaps \"nowhere\" not found");
  }

  @Test
  void patchAndDeleteShowWhatWasSent() throws Exception {
    http.post(CONFIG_MAPS, "{'metadata':{'name':'changing'}}");
    send("patch", "PATCH", CONFIG_MAPS + "/changing", "{'data':{'k':'v'}}");
    JsonObject patched = awaited("patch", 2).getLast();
    assertThat(patched.object("requestObject")).isEqualTo(Http.json("{'data':{'k':'v'}}"));
    assertThat(patched.has("responseObject")).isFalse();
    send("delete", "DELETE", CONFIG_MAPS + "/changing", "{'propagationPolicy':'Background'}");
    JsonObject deleted = awaited("delete", 2).getLast();
    assertThat(deleted.string("verb")).contains("delete");
    assertThat(deleted.string("requestObject", "propagationPolicy")).contains("Background");
    assertThat(deleted.string("responseStatus", "status")).contains("Success");
  }

  @Test
  void watchIsWrittenWhenItBeginsAndWhenItEnds() throws Exception {
    http.send("GET", CONFIG_MAPS + "?watch=true&timeoutSeconds=1", "", "audit-id", "watch");
    List<JsonObject> events = awaited("watch", 3);
    assertThat(stages(events))
        .containsExactly("RequestReceived", "ResponseStarted", "ResponseComplete");
    assertThat(events).allMatch(e -> e.string("verb").orElse("").equals("watch"));
    assertThat(events.getLast().integer("responseStatus", "code")).hasValue(200);
    assertThat(events.getLast().string("requestURI"))
        .contains(CONFIG_MAPS + "?watch=true&timeoutSeconds=1");
  }

  @Test
  void whoActsAsSomebodyElseIsNamedBesides() throws Exception {
    http.send("GET", "/api/v1/nodes", "", "audit-id", "other", "impersonate-user", "eva");
    List<JsonObject> events = awaited("other", 2);
    assertThat(events).allMatch(e -> e.string("user", "username").orElse("").endsWith("tester"));
    assertThat(events.getFirst().has("impersonatedUser")).isFalse();
    assertThat(events.getLast().string("impersonatedUser", "username")).contains("eva");
  }

  @Test
  void whatThePolicyLeavesOutIsNotWritten() throws Exception {
    http.send("GET", "/version", "", "audit-id", "version");
    http.send("GET", "/healthz", "", "audit-id", "health");
    assertThat(stages(awaited("health", 1))).containsExactly("ResponseComplete");
    assertThat(of("version")).isEmpty();
    assertThat(http.get("/metrics").response().body())
        .contains("apiserver_audit_level_total{level=\"None\"}")
        .contains("apiserver_audit_event_total");
  }

  @Test
  void partsInTheSameProcessAreWrittenToo() throws Exception {
    ApiClient client = server.server.client(Identity.of("insider", "inside"));
    KubeObject made =
        client.create(
            Resources.CONFIG_MAPS,
            new KubeObject(
                Http.json(
                    "{'kind':'ConfigMap','apiVersion':'v1',"
                        + "'metadata':{'name':'inner','namespace':'default'}}")),
            WriteOptions.by("test"));
    client.watch(Resources.CONFIG_MAPS, ListOptions.inNamespace("default")).close();
    List<JsonObject> mine =
        events().stream()
            .filter(e -> e.string("user", "username").orElse("").equals("insider"))
            .toList();
    assertThat(stages(mine))
        .containsExactly(
            "ResponseComplete", "RequestReceived", "ResponseStarted", "ResponseComplete");
    assertThat(mine.getFirst().string("responseObject", "metadata", "uid")).contains(made.uid());
    assertThat(mine.getFirst().get("objectRef").map(Json::toString).orElse(""))
        .contains("\"name\":\"inner\"");
  }
}
