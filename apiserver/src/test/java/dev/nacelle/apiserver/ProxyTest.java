package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Where requests to proxy subresources go, and what is said when they go nowhere. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyTest {
  private static final String NAMESPACE = "/api/v1/namespaces/default";
  private static final String POD =
      """
      {'apiVersion':'v1','kind':'Pod','metadata':{'name':'NAME','namespace':'default'},
       'spec':{'containers':[{'name':'c','image':'i','ports':[{'containerPort':80}]}]}}""";
  private static final String SERVICE =
      """
      {'apiVersion':'v1','kind':'Service','metadata':{'name':'NAME','namespace':'default'},
       'spec':{'selector':{'app':'x'},'ports':[{'name':'web','port':8000,'targetPort':80}]}}""";
  private static final String SLICE =
      """
      {'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice','addressType':'IPv4',
       'metadata':{'name':'NAME-1','namespace':'default','labels':{'kubernetes.io/service-name':'NAME'}},
       'ports':[{'name':'web','port':80,'protocol':'TCP'}],
       'endpoints':[{'addresses':['ADDRESS'],'conditions':{'ready':READY},
         'targetRef':{'kind':'Pod','namespace':'default','name':'POD'}}]}""";

  private TestServer server;
  private Http http;

  /** The user who is limited may only look. */
  private static final class Lookers implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      return attributes.identity().user().equals("limited") && !attributes.verb().equals("get")
          ? new Decision.NoOpinion("")
          : new Decision.Allow("a test");
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return new Rules(List.of(), List.of(), "a test");
    }
  }

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    server =
        TestServer.start(
            directory.resolve("store"),
            0,
            new Lookers(),
            AdmissionSteps.NONE,
            ApiServerConfig.DEFAULT_WRITES);
    http = new Http(server.url());
    pod("there", "192.0.2.7");
    pod("inward", "127.0.0.1");
    pod("pending", "");
    service("empty");
    service("idle");
    slice("idle", "192.0.2.7", false, "there");
    service("forged");
    slice("forged", "192.0.2.8", true, "there");
    service("ready");
    slice("ready", "192.0.2.7", true, "there");
    create(Resources.NODES, "{'apiVersion':'v1','kind':'Node','metadata':{'name':'n1'}}", "n1", "");
  }

  @AfterAll
  void stop() {
    http.close();
    server.close();
  }

  private void create(ResourceType type, String json, String name, String status) {
    var object = new KubeObject(Http.json(json.replace("NAME", name)));
    KubeObject made = server.client().create(type, object, WriteOptions.by("test"));
    if (!status.isEmpty()) {
      server
          .client()
          .update(
              type,
              new KubeObject(made.json().with("status", Http.json(status))),
              WriteOptions.by("test").of("status"));
    }
  }

  private void pod(String name, String ip) {
    create(
        Resources.PODS,
        POD,
        name,
        ip.isEmpty()
            ? ""
            : "{'podIP':'IP','podIPs':[{'ip':'IP'}]}".replace("'IP'", "'" + ip + "'"));
  }

  private void service(String name) {
    create(Resources.SERVICES, SERVICE, name, "");
  }

  private void slice(String service, String address, boolean ready, String pod) {
    String json =
        SLICE
            .replace("ADDRESS", address)
            .replace("READY", Boolean.toString(ready))
            .replace("POD", pod);
    create(Resources.ENDPOINT_SLICES, json, service, "");
  }

  private void fails(String path, int code, String message) throws Exception {
    Http.Reply reply = http.get(path);
    assertThat(reply.response().body()).as(path).contains("\"kind\":\"Status\"");
    assertThat(reply.message()).as(path).isEqualTo(message);
    assertThat(reply.code()).as(path).isEqualTo(code);
  }

  @Test
  void namesThatAreNoneOfTheFormsAreRefused() throws Exception {
    fails(NAMESPACE + "/services/ftp:web:80/proxy/", 400, "invalid service request \"ftp:web:80\"");
    fails(NAMESPACE + "/pods/a:b:c:d/proxy/", 400, "invalid pod request \"a:b:c:d\"");
    fails("/api/v1/nodes/:80/proxy/", 400, "invalid node request \":80\"");
  }

  @Test
  void whatIsNotThereIsNotFound() throws Exception {
    fails(NAMESPACE + "/pods/none/proxy/", 404, "pods \"none\" not found");
    fails(NAMESPACE + "/services/none/proxy/", 404, "endpoints \"none\" not found");
    fails(NAMESPACE + "/services/none:80/proxy/", 404, "services \"none\" not found");
    fails("/api/v1/nodes/none/proxy/stats", 404, "nodes \"none\" not found");
    fails(
        NAMESPACE + "/configmaps/none/proxy/",
        404,
        "the server could not find the requested resource");
  }

  @Test
  void aServiceWithoutAReadyEndpointOfAPodIsUnavailable() throws Exception {
    fails(
        NAMESPACE + "/services/empty/proxy/", 503, "no endpoints available for service \"empty\"");
    fails(
        NAMESPACE + "/services/http:idle:web/proxy/",
        503,
        "no endpoints available for service \"http:idle:web\"");
    fails(
        NAMESPACE + "/services/forged:web/proxy/",
        503,
        "no endpoints available for service \"forged:web\"");
    fails(
        NAMESPACE + "/services/ready:other/proxy/",
        503,
        "no endpoints available for service \"ready:other\"");
    fails(
        NAMESPACE + "/services/ready:80/proxy/",
        503,
        "no service port 80 found for service \"ready\"");
    assertThat(http.get(NAMESPACE + "/services/empty/proxy/").json().string("reason"))
        .contains("ServiceUnavailable");
  }

  @Test
  void addressesThatAreNotOfPodsAreRefused() throws Exception {
    fails(NAMESPACE + "/pods/inward/proxy/", 400, "address not allowed");
    fails(NAMESPACE + "/pods/pending/proxy/", 400, "address not allowed");
    fails("/api/v1/nodes/n1:9100/proxy/", 400, "address not allowed");
  }

  @Test
  void aPathWithoutASlashIsRedirectedToItsRoot() throws Exception {
    for (String name : List.of("pods/there", "pods/http:there:80", "services/https:ready:8000")) {
      String path = NAMESPACE + "/" + name + "/proxy";
      Http.Reply reply = http.get(path + "?a=b");
      assertThat(reply.code()).as(path).isEqualTo(301);
      assertThat(reply.header("location")).isEqualTo(path + "/?a=b");
    }
  }

  @Test
  void requestsToANodeGoToItsEndpoint() throws Exception {
    fails("/api/v1/nodes/n1/proxy/stats/summary", 503, "no nodes in this test");
  }

  @Test
  void eachMethodIsAuthorizedAsItsVerb() throws Exception {
    String path = NAMESPACE + "/services/http:ready:8000/proxy/x//y/";
    for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
      Http.Reply reply = http.send(method, path, "", "x-user", "limited");
      assertThat(reply.code()).as(method).isEqualTo(403);
      assertThat(reply.message())
          .startsWith("services \"http:ready:8000\" is forbidden: User \"limited\" cannot ")
          .contains(" resource \"services/proxy\" in API group \"\" in the namespace \"default\"");
    }
    assertThat(http.send("OPTIONS", path, "", "x-user", "limited").code()).isEqualTo(403);
    Http.Reply redirect =
        http.get(NAMESPACE + "/services/http:ready:8000/proxy", "x-user", "limited");
    assertThat(redirect.code()).isEqualTo(301);
    assertThat(http.send("PROPFIND", path, "").code()).isEqualTo(405);
  }

  @Test
  void anEncodedSlashInANameIsNoSeparator() throws Exception {
    assertThat(http.get(NAMESPACE + "/pods/there%2Fproxy/x").code()).isEqualTo(404);
  }

  @Test
  void execNeedsAnUpgrade() throws Exception {
    JsonObject pod =
        Http.json(POD.replace("NAME", "bound").replace("'spec':{", "'spec':{'nodeName':'n1',"));
    server.client().create(Resources.PODS, new KubeObject(pod), WriteOptions.by("test"));
    assertThat(server.client().get(Resources.PODS, new ObjectKey("default", "bound")).name())
        .isEqualTo("bound");
    for (String what : List.of("exec?command=x", "attach?", "portforward?")) {
      Http.Reply reply = http.post(NAMESPACE + "/pods/bound/" + what, "");
      assertThat(reply.code()).as(what).isEqualTo(400);
      assertThat(reply.message()).isEqualTo("Upgrade request required");
    }
  }
}
