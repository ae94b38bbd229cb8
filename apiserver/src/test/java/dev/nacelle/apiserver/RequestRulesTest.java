package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.admission.ValidatingStep;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what and for how long: authorization, admission, flow control, deadlines. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestRulesTest {
  private static final String PODS = "/api/v1/namespaces/default/pods";
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String POD =
      "{'metadata':{'name':'NAME'},'spec':{'nodeName':'n','containers':[{'name':'c','image':'i'}]}}";

  private final CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private TestServer server;
  private Http http;

  /** Nobody who is limited may impersonate or create; all others may do everything. */
  private static final class Limits implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      boolean refused =
          attributes.identity().user().equals("limited")
              && List.of("impersonate", "create").contains(attributes.verb());
      return refused ? new Decision.NoOpinion("") : new Decision.Allow("a test");
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return new Rules(List.of(), List.of(), "a test");
    }
  }

  private final class Guard implements ValidatingStep {
    @Override
    public String name() {
      return "Guard";
    }

    @Override
    public void validate(AdmissionRequest request) {
      if (request.operation() == AdmissionRequest.Operation.CONNECT) {
        throw ApiException.forbidden(
            Resources.PODS, request.key().name(), "no " + request.subresource() + " here");
      }
      if (request.key().name().equals("held")) {
        held.countDown();
        try {
          release.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    var steps = new AdmissionSteps(List.of(), List.of(new Guard()));
    server = TestServer.start(directory.resolve("store"), 0, new Limits(), steps, 1);
    http = new Http(server.url());
  }

  @AfterAll
  void stop() {
    release.countDown();
    http.close();
    server.close();
  }

  private void createPod(String name) {
    server
        .client()
        .create(
            Resources.PODS,
            new KubeObject(Http.json(POD.replace("NAME", name)))
                .withMetadata("namespace", dev.nacelle.base.json.Json.of("default")),
            WriteOptions.by("test"));
  }

  @Test
  void theOptionsOfALogAreCheckedBeforeThePodIsLookedFor() throws Exception {
    assertLogRefused(
        "tailLines=-1", "tailLines: Invalid value: -1: must be greater than or equal to 0");
    assertLogRefused("sinceSeconds=-5", "sinceSeconds: Invalid value: -5: must be greater than 0");
    assertLogRefused("sinceSeconds=0", "sinceSeconds: Invalid value: 0: must be greater than 0");
    assertLogRefused("limitBytes=0", "limitBytes: Invalid value: 0: must be greater than 0");
    assertLogRefused(
        "sinceSeconds=1&sinceTime=2026-01-02T03:04:05Z",
        "[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified");
    assertLogRefused(
        "stream=Stdin",
        "stream: Unsupported value: \"Stdin\": supported values: \"All\", \"Stderr\", \"Stdout\"");
    assertLogRefused(
        "stream=Stdout&tailLines=1",
        "[]: Forbidden: `tailLines` and specific `stream` are mutually exclusive for now");
    assertThat(http.get(PODS + "/nobody/log?tailLines=0&limitBytes=1").code()).isEqualTo(404);
    assertThat(http.get(PODS + "/nobody/log?tailLines=x").message())
        .isEqualTo("strconv.ParseInt: parsing \"x\": invalid syntax");
  }

  private void assertLogRefused(String query, String why) throws Exception {
    var reply = http.get(PODS + "/nobody/log?" + query);
    assertThat(reply.code()).isEqualTo(422);
    assertThat(reply.message()).isEqualTo("PodLogOptions \"nobody\" is invalid: " + why);
    assertThat(reply.json().string("details", "kind")).contains("PodLogOptions");
  }

  @Test
  void aConnectionIsAdmittedAndALogIsNot() throws Exception {
    createPod("connected");
    var exec = http.post(PODS + "/connected/exec?command=true", "");
    assertThat(exec.code()).isEqualTo(403);
    assertThat(exec.message()).contains("no exec here");
    // the log goes on to the node, of which there is none
    assertThat(http.get(PODS + "/connected/log").code()).isEqualTo(503);
  }

  @Test
  void whoMayOnlyGetMayNotExec() throws Exception {
    createPod("looked-at");
    var exec = http.get(PODS + "/looked-at/exec?command=true", "x-user", "limited");
    assertThat(exec.code()).isEqualTo(403);
    assertThat(exec.message()).contains("cannot create resource \"pods/exec\"");
  }

  @Test
  void whoMayNotImpersonateIsRefused() throws Exception {
    var reply = http.get(CONFIG_MAPS, "x-user", "limited", "impersonate-user", "admin");
    assertThat(reply.code()).isEqualTo(403);
    assertThat(reply.message())
        .isEqualTo(
            "users \"admin\" is forbidden: User \"limited\" cannot impersonate resource"
                + " \"users\" in API group \"\" at the cluster scope");
    assertThat(http.get(CONFIG_MAPS, "impersonate-group", "g").code()).isEqualTo(500);
    assertThat(http.get(CONFIG_MAPS, "impersonate-user", "u", "impersonate-extra-%zz", "v").code())
        .isEqualTo(200);
  }

  @Test
  void aFloodIsToldToComeAgain() throws Exception {
    Thread first =
        Thread.startVirtualThread(
            () -> {
              try (Http own = new Http(server.url())) {
                own.send(
                    "POST",
                    CONFIG_MAPS,
                    "{'metadata':{'name':'held'}}",
                    "content-type",
                    "application/json",
                    "x-user",
                    "somebody");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
    var reply =
        http.send(
            "POST",
            CONFIG_MAPS,
            "{'metadata':{'name':'second'}}",
            "content-type",
            "application/json",
            "x-user",
            "somebody");
    assertThat(reply.code()).isEqualTo(429);
    assertThat(reply.header("retry-after")).isEqualTo("1");
    assertThat(reply.json().string("reason")).contains("TooManyRequests");
    // reads are counted apart
    assertThat(http.get(CONFIG_MAPS, "x-user", "somebody").code()).isEqualTo(200);
    // one that waits for its place is cut at its own time
    var late =
        http.send(
            "POST",
            CONFIG_MAPS + "?timeout=100ms",
            "{'metadata':{'name':'third'}}",
            "content-type",
            "application/json",
            "x-user",
            "somebody");
    assertThat(late.code()).isIn(504, 429);
    release.countDown();
    first.join();
  }

  @Test
  void aTimeoutThatIsNoneIsABadRequest() throws Exception {
    assertThat(http.get(CONFIG_MAPS + "?timeout=32s").code()).isEqualTo(200);
    assertThat(http.get(CONFIG_MAPS + "?timeout=1h1m1.5s").code()).isEqualTo(200);
    for (String text : List.of("soon", "5", "-1s", "1x", "1..s")) {
      var reply = http.get(CONFIG_MAPS + "?timeout=" + text);
      assertThat(reply.code()).isEqualTo(400);
      assertThat(reply.message()).isEqualTo("invalid timeout specified in the request URL");
    }
  }

  @Test
  void anEvictionRemovesThePodThatItNames() throws Exception {
    createPod("leaves");
    String path = "/api/v1/namespaces/default/pods/leaves/eviction";
    var other = http.post(path, "{'metadata':{'name':'other'}}");
    assertThat(other.code()).isEqualTo(400);
    assertThat(other.message()).isEqualTo("name in URL does not match name in Eviction object");
    assertThat(http.post(path, "{'kind':'Pod','metadata':{'name':'leaves'}}").code())
        .isEqualTo(400);
    String tried = "{'metadata':{'name':'leaves'},'deleteOptions':{'dryRun':['All']}}";
    assertThat(http.post(path, tried).code()).isEqualTo(201);
    String pod = "/api/v1/namespaces/default/pods/leaves";
    assertThat(http.get(pod).json().string("metadata", "deletionTimestamp")).isEmpty();
    var evicted = http.post(path, "{'metadata':{'name':'leaves'}}");
    assertThat(evicted.code()).isEqualTo(201);
    assertThat(evicted.json().string("status")).contains("Success");
    assertThat(evicted.json().integer("code")).hasValue(201);
    assertThat(http.get(pod).json().string("metadata", "deletionTimestamp")).isNotEmpty();
    var nobody = http.post(path.replace("leaves", "none"), "{'metadata':{'name':'none'}}");
    assertThat(nobody.code()).isEqualTo(404);
    assertThat(nobody.message()).isEqualTo("pods \"none\" not found");
  }

  @Test
  void aFailureIsReadableForAPersonToo() throws Exception {
    var reply = http.get("/api/v1/namespaces/none", "user-agent", "curl/8");
    assertThat(reply.response().body()).startsWith("{\n  \"kind\": \"Status\",\n");
  }

  @Test
  void ephemeralContainersAreAddedAndNeverChanged() throws Exception {
    createPod("debugged");
    String path = PODS + "/debugged/ephemeralcontainers";
    String[] strategic = {"content-type", "application/strategic-merge-patch+json"};
    var added =
        http.send(
            "PATCH",
            path,
            "{'spec':{'ephemeralContainers':[{'name':'d','image':'i','targetContainerName':'c'}],"
                + "'nodeName':'other'}}",
            strategic);
    assertThat(added.code()).isEqualTo(200);
    assertThat(added.json().array("spec", "ephemeralContainers").size()).isEqualTo(1);
    assertThat(added.json().string("spec", "nodeName")).contains("n");
    var changed =
        http.send(
            "PATCH",
            path,
            "{'spec':{'ephemeralContainers':[{'name':'d','image':'j'}]}}",
            strategic);
    assertThat(changed.code()).isEqualTo(422);
    assertThat(changed.message())
        .contains("existing ephemeral containers \"d\" may not be changed");
    var removed =
        http.send(
            "PATCH",
            path,
            "{'spec':{'ephemeralContainers':[]}}",
            "content-type",
            "application/merge-patch+json");
    assertThat(removed.code()).isEqualTo(422);
    var forbidden =
        http.send(
            "PATCH",
            path,
            "{'spec':{'ephemeralContainers':[{'name':'e','image':'i',"
                + "'livenessProbe':{'tcpSocket':{'port':1}}}]}}",
            strategic);
    assertThat(forbidden.code()).isEqualTo(422);
    assertThat(forbidden.message()).contains("cannot be set for an Ephemeral Container");
  }
}
