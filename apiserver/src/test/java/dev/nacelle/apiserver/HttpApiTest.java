package dev.nacelle.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What goes over the wire, to status code, message and header. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpApiTest {
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

  private TestServer server;
  private Http http;

  @BeforeAll
  void start(@TempDir Path directory) throws IOException, InterruptedException {
    server = TestServer.start(directory.resolve("store"), 0);
    http = new Http(server.url());
  }

  @AfterAll
  void stop() {
    http.close();
    server.close();
  }

  private static String configMap(String name) {
    return "{'metadata':{'name':'" + name + "','labels':{'t':'" + name + "'}},'data':{'k':'v'}}";
  }

  private JsonObject create(String name) throws IOException, InterruptedException {
    var reply = http.post(CONFIG_MAPS, configMap(name));
    assertThat(reply.code()).isEqualTo(201);
    return reply.json();
  }

  @Test
  void anUnknownPathIsNotFound() throws Exception {
    assertThat(http.get("/apis/nothing.example.com/v1/things").message())
        .isEqualTo("the server could not find the requested resource");
    assertThat(http.get("/nowhere").code()).isEqualTo(404);
  }

  @Test
  void aMethodThatIsNotServedIs405() throws Exception {
    assertThat(http.send("PUT", CONFIG_MAPS, "{}").code()).isEqualTo(405);
    assertThat(http.send("TRACE", CONFIG_MAPS, "").code()).isEqualTo(405);
  }

  @Test
  void anUnknownFormIsNotAcceptable() throws Exception {
    var reply = http.get(CONFIG_MAPS, "accept", "text/csv");
    assertThat(reply.code()).isEqualTo(406);
    assertThat(reply.json().string("reason")).contains("NotAcceptable");
  }

  @Test
  void aBodyOfAnotherFormIs415() throws Exception {
    assertThat(http.send("POST", CONFIG_MAPS, "x", "content-type", "text/csv").code())
        .isEqualTo(415);
  }

  @Test
  void aBodyOverThreeMebibytesIs413() throws Exception {
    String large = "{'metadata':{'name':'large'},'data':{'k':'" + "x".repeat(4 << 20) + "'}}";
    var reply = http.post(CONFIG_MAPS, large);
    assertThat(reply.code()).isEqualTo(413);
    assertThat(reply.message()).isEqualTo("Request entity too large: limit is 3145728");
    assertThat(reply.json().string("reason")).contains("RequestEntityTooLarge");
  }

  @Test
  void aBrokenPatchIsABadRequest() throws Exception {
    http.post(CONFIG_MAPS, "{'metadata':{'name':'patched'}}");
    assertThat(refusedPatch("merge-patch", "{'a' 1}"))
        .startsWith("error decoding patch: invalid JSON at offset 5");
    assertThat(refusedPatch("merge-patch", "[]"))
        .isEqualTo(
            "error decoding patch: json: cannot unmarshal array into Go value of type"
                + " map[string]interface {}");
    assertThat(refusedPatch("json-patch", "{}"))
        .isEqualTo(
            "error decoding patch: json: cannot unmarshal object into Go value of type"
                + " []handlers.jsonPatchOp");
  }

  private String refusedPatch(String type, String body) throws Exception {
    var reply =
        http.send(
            "PATCH",
            CONFIG_MAPS + "/patched",
            body,
            "content-type",
            "application/" + type + "+json");
    assertThat(reply.code()).isEqualTo(400);
    return reply.message();
  }

  @Test
  void endpointsAreDeprecated() throws Exception {
    assertThat(http.get("/api/v1/namespaces/default/endpoints").header("warning"))
        .isEqualTo(
            "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1"
                + " EndpointSlice\"");
  }

  @Test
  void whatIsNotPublishedIsNotFound() throws Exception {
    assertThat(http.get("/openid/v1/jwks").code()).isEqualTo(404);
  }

  @Test
  void aBrokenBodyIsABadRequest() throws Exception {
    var reply = http.post(CONFIG_MAPS, "{'metadata':");
    assertThat(reply.code()).isEqualTo(400);
    assertThat(reply.json().string("reason")).contains("BadRequest");
  }

  @Test
  void aYamlBodyIsRead() throws Exception {
    var reply =
        http.send(
            "POST",
            CONFIG_MAPS,
            "metadata:\n  name: from-yaml\ndata:\n  k: \"yes\"\n",
            "content-type",
            "application/yaml");
    assertThat(reply.code()).isEqualTo(201);
    assertThat(reply.json().string("data", "k")).contains("yes");
  }

  @Test
  void everyReplyHasAnAuditId() throws Exception {
    assertThat(http.get("/version").header("audit-id")).isNotEmpty();
    assertThat(http.get("/version").json().string("gitVersion")).contains("v1.36.2+nacelle");
  }

  @Test
  void aDryRunStoresNothing() throws Exception {
    assertThat(http.post(CONFIG_MAPS + "?dryRun=All", configMap("dry")).code()).isEqualTo(201);
    assertThat(http.get(CONFIG_MAPS + "/dry").code()).isEqualTo(404);
    var reply = http.post(CONFIG_MAPS + "?dryRun=Some", configMap("dry"));
    assertThat(reply.code()).isEqualTo(422);
    assertThat(reply.message()).contains("dryRun: Unsupported value");
  }

  @Test
  void unknownFieldsWarnOrAreRefused() throws Exception {
    String body = "{'metadata':{'name':'unknown'},'bogus':1}";
    var warned = http.post(CONFIG_MAPS, body);
    assertThat(warned.code()).isEqualTo(201);
    assertThat(warned.header("warning")).isEqualTo("299 - \"unknown field \\\"bogus\\\"\"");
    assertThat(warned.json().has("bogus")).isFalse();
    var refused = http.post(CONFIG_MAPS + "?fieldValidation=Strict", body);
    assertThat(refused.code()).isEqualTo(400);
    assertThat(refused.message())
        .isEqualTo(
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error:"
                + " unknown field \"bogus\"");
  }

  @Test
  void anEmptyListOrMapIsAnAbsentField() throws Exception {
    String metadata =
        "'metadata':{'name':'sparse','labels':{},'ownerReferences':[],'finalizers':null}";
    var made = http.post(CONFIG_MAPS, "{" + metadata + ",'data':{}}").json();
    assertThat(made.object("metadata").members())
        .doesNotContainKeys("labels", "ownerReferences", "finalizers");
    assertThat(made.has("data")).isFalse();
    String spec =
        "{'nodeName':'n','nodeSelector':{},'tolerations':[],'volumes':[{'name':'v','emptyDir':{}}],"
            + "'containers':[{'name':'c','image':'i','env':[]}]}";
    var pod =
        http.post(
                "/api/v1/namespaces/default/pods?dryRun=All",
                "{'metadata':{'name':'sparse'},'spec':" + spec + "}")
            .json()
            .object("spec");
    assertThat(pod.has("nodeSelector")).isFalse();
    assertThat(pod.array("containers").objects().findFirst().orElseThrow().has("env")).isFalse();
    assertThat(pod.array("volumes").objects().findFirst())
        .contains(Http.json("{'name':'v','emptyDir':{}}"));
    // as upstream: a manifest of an aggregated role has empty rules, and a second apply of it
    // changes
    // nothing
    var role =
        http.post(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles?dryRun=All",
            "{'metadata':{'name':'sparse'},'rules':[]}");
    assertThat(role.json().has("rules")).isTrue();
  }

  @Test
  void theLastOwnerTakesTheListOfOwnersWithIt() throws Exception {
    String owner = "{'apiVersion':'v1','kind':'Node','name':'n','uid':'u'}";
    http.post(CONFIG_MAPS, "{'metadata':{'name':'owned','ownerReferences':[" + owner + "]}}");
    var orphan =
        http.send(
                "PATCH",
                CONFIG_MAPS + "/owned",
                "{'metadata':{'ownerReferences':[{'$patch':'delete','uid':'u'}]}}",
                "content-type",
                "application/strategic-merge-patch+json")
            .json();
    assertThat(orphan.object("metadata").has("ownerReferences")).isFalse();
  }

  @Test
  void aNameThatIsNoneIsInvalid() throws Exception {
    var reply = http.post(CONFIG_MAPS, configMap("No_Name"));
    assertThat(reply.code()).isEqualTo(422);
    assertThat(reply.message())
        .startsWith("ConfigMap \"No_Name\" is invalid: metadata.name: Invalid value: \"No_Name\"");
    assertThat(reply.json().object("details").array("causes").size()).isPositive();
  }

  @Test
  void nothingIsMadeInANamespaceThatDoesNotExist() throws Exception {
    var reply = http.post("/api/v1/namespaces/nowhere/configmaps", configMap("a"));
    assertThat(reply.code()).isEqualTo(404);
    assertThat(reply.message()).isEqualTo("namespaces \"nowhere\" not found");
  }

  @Test
  void theDefaultNamespaceIsNotDeleted() throws Exception {
    assertThat(http.send("DELETE", "/api/v1/namespaces/default", "").code()).isEqualTo(403);
  }

  @Test
  void aDeletedNamespaceTerminatesUntilItIsFinalized() throws Exception {
    assertThat(http.post("/api/v1/namespaces", "{'metadata':{'name':'ending'}}").code())
        .isEqualTo(201);
    var deleted = http.send("DELETE", "/api/v1/namespaces/ending", "").json();
    assertThat(deleted.string("status", "phase")).contains("Terminating");
    var refused = http.post("/api/v1/namespaces/ending/configmaps", configMap("late"));
    assertThat(refused.code()).isEqualTo(403);
    assertThat(refused.message()).contains("because it is being terminated");
    var finalized = deleted.withAt(dev.nacelle.base.json.JsonArray.EMPTY, "spec", "finalizers");
    assertThat(
            http.send(
                    "PUT",
                    "/api/v1/namespaces/ending/finalize",
                    finalized.toString(),
                    "content-type",
                    "application/json")
                .code())
        .isEqualTo(200);
    assertThat(http.get("/api/v1/namespaces/ending").code()).isEqualTo(404);
  }

  @Test
  void aTableHasTheColumnsOfItsKind() throws Exception {
    create("table");
    var table = http.get(CONFIG_MAPS + "?labelSelector=t=table", "accept", TABLE).json();
    assertThat(table.string("kind")).contains("Table");
    assertThat(table.array("columnDefinitions").objects().map(c -> c.string("name").orElse("")))
        .containsExactly("Name", "Data", "Age");
    var row = table.array("rows").objects().findFirst().orElseThrow();
    assertThat(row.array("cells").get(0)).isEqualTo(dev.nacelle.base.json.Json.of("table"));
    assertThat(row.string("object", "kind")).contains("PartialObjectMetadata");
    var bare =
        http.get(CONFIG_MAPS + "?labelSelector=t=table&includeObject=None", "accept", TABLE).json();
    assertThat(bare.array("rows").objects().findFirst().orElseThrow().has("object")).isFalse();
  }

  @Test
  void metadataAloneIsAListOfItsOwn() throws Exception {
    create("partial");
    var list =
        http.get(
                CONFIG_MAPS + "?labelSelector=t=partial",
                "accept",
                "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")
            .json();
    assertThat(list.string("kind")).contains("PartialObjectMetadataList");
    var item = list.array("items").objects().findFirst().orElseThrow();
    assertThat(item.has("data")).isFalse();
    assertThat(item.string("metadata", "name")).contains("partial");
  }

  @Test
  void aChunkedListCountsWhatRemainsAndExpires() throws Exception {
    http.post("/api/v1/namespaces", "{'metadata':{'name':'chunks'}}");
    String all = "/api/v1/namespaces/chunks/configmaps";
    for (int i = 0; i < 5; i++) {
      http.post(all, configMap("c" + i));
    }
    var first = http.get(all + "?limit=2").json();
    assertThat(first.array("items").size()).isEqualTo(2);
    assertThat(first.integer("metadata", "remainingItemCount")).hasValue(3);
    String token = first.string("metadata", "continue").orElseThrow();
    // the snapshot does not see what comes later
    http.post(all, configMap("c9"));
    var rest = http.get(all + "?limit=500&continue=" + token).json();
    assertThat(rest.array("items").size()).isEqualTo(3);
    assertThat(rest.string("metadata", "resourceVersion"))
        .isEqualTo(first.string("metadata", "resourceVersion"));
    server.store.compact(server.store.revision());
    var expired = http.get(all + "?limit=2&continue=" + token);
    assertThat(expired.code()).isEqualTo(410);
    assertThat(expired.json().string("reason")).contains("Expired");
    String goOn = expired.json().string("metadata", "continue").orElseThrow();
    assertThat(http.get(all + "?continue=" + goOn).json().array("items").size()).isEqualTo(4);
  }

  @Test
  void aWatchSendsThePresentAndThenAnAnnotatedBookmark() throws Exception {
    JsonObject made = create("initial");
    var frames =
        http.watch(
            CONFIG_MAPS
                + "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true"
                + "&resourceVersionMatch=NotOlderThan&labelSelector=t=initial",
            2);
    assertThat(frames.getFirst().string("type")).contains("ADDED");
    assertThat(frames.getFirst().object("object")).isEqualTo(made);
    assertThat(frames.getLast().string("type")).contains("BOOKMARK");
    assertThat(
            frames
                .getLast()
                .string("object", "metadata", "annotations", "k8s.io/initial-events-end"))
        .contains("true");
  }

  @Test
  void aWatchFromAForgottenRevisionIsTold410() throws Exception {
    var frames = http.watch(CONFIG_MAPS + "?watch=true&resourceVersion=1", 1);
    assertThat(frames.getFirst().string("type")).contains("ERROR");
    assertThat(frames.getFirst().integer("object", "code")).hasValue(410);
    assertThat(frames.getFirst().string("object", "reason")).contains("Expired");
  }

  @Test
  void aWatchEndsAfterItsTime() throws Exception {
    assertThat(http.watch(CONFIG_MAPS + "?watch=true&timeoutSeconds=1&labelSelector=t=none", 1))
        .isEmpty();
  }

  @Test
  void optionsThatContradictAreInvalid() throws Exception {
    var reply = http.get(CONFIG_MAPS + "?resourceVersionMatch=Exact");
    assertThat(reply.code()).isEqualTo(422);
    assertThat(reply.message())
        .isEqualTo(
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden:"
                + " resourceVersionMatch is forbidden unless resourceVersion is provided");
  }

  @Test
  void discoveryComesAggregatedToo() throws Exception {
    var v2 =
        http.get(
            "/apis",
            "accept",
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    assertThat(v2.json().string("apiVersion")).contains("apidiscovery.k8s.io/v2");
    assertThat(v2.header("content-type")).contains("as=APIGroupDiscoveryList");
    assertThat(
            http.get(
                    "/apis",
                    "accept",
                    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                    "if-none-match",
                    v2.header("etag"))
                .code())
        .isEqualTo(304);
    assertThat(http.get("/api/v1").json().array("resources").objects())
        .anySatisfy(r -> assertThat(r.string("name")).contains("pods/log"));
  }

  @Test
  void healthIsTold() throws Exception {
    assertThat(http.get("/readyz").response().body()).isEqualTo("ok");
    assertThat(http.get("/readyz?verbose").response().body())
        .contains("[+]ping ok\n")
        .endsWith("readyz check passed\n");
    assertThat(http.get("/livez/ping").response().body()).isEqualTo("ok");
    assertThat(http.get("/livez/nothing").code()).isEqualTo(404);
    assertThat(http.get("/metrics").response().body()).contains("apiserver_request_total");
  }

  @Test
  void aServiceTakesItsAddressAndGivesItBack() throws Exception {
    String services = "/api/v1/namespaces/default/services";
    String body =
        "{'metadata':{'name':'NAME'},'spec':{'clusterIP':'10.128.7.7','ports':[{'port':80}]}}";
    assertThat(http.post(services, body.replace("NAME", "first")).code()).isEqualTo(201);
    var second = http.post(services, body.replace("NAME", "second"));
    assertThat(second.code()).isEqualTo(422);
    assertThat(second.message()).contains("provided IP is already allocated");
    assertThat(http.send("DELETE", services + "/first", "").code()).isEqualTo(200);
    assertThat(http.post(services, body.replace("NAME", "second")).code()).isEqualTo(201);
  }

  @Test
  void scaleChangesTheReplicas() throws Exception {
    String deployments = "/apis/apps/v1/namespaces/default/deployments";
    http.post(
        deployments,
        "{'metadata':{'name':'scaled'},'spec':{'selector':{'matchLabels':{'a':'b'}},"
            + "'template':{'metadata':{'labels':{'a':'b'}},"
            + "'spec':{'containers':[{'name':'c','image':'i'}]}}}}");
    var scale = http.get(deployments + "/scaled/scale").json();
    assertThat(scale.string("kind")).contains("Scale");
    assertThat(scale.string("status", "selector")).contains("a=b");
    assertThat(
            http.send(
                    "PATCH",
                    deployments + "/scaled/scale",
                    "{'spec':{'replicas':5}}",
                    "content-type",
                    "application/merge-patch+json")
                .json()
                .integer("spec", "replicas"))
        .hasValue(5);
    var scaled = http.get(deployments + "/scaled").json();
    assertThat(scaled.integer("spec", "replicas")).hasValue(5);
    assertThat(scaled.integer("metadata", "generation")).hasValue(2);
  }

  @Test
  void aScaleCanBeApplied() throws Exception {
    String deployments = "/apis/apps/v1/namespaces/default/deployments";
    http.post(
        deployments + "?fieldManager=maker",
        "{'metadata':{'name':'applied'},'spec':{'replicas':1,'selector':{'matchLabels':{'a':'b'}},"
            + "'template':{'metadata':{'labels':{'a':'b'}},"
            + "'spec':{'containers':[{'name':'c','image':'i'}]}}}}");
    String scale = deployments + "/applied/scale?fieldManager=scaler";
    String seven =
        "{'apiVersion':'autoscaling/v1','kind':'Scale','metadata':{'name':'applied'},"
            + "'spec':{'replicas':7}}";
    String apply = "application/apply-patch+yaml";
    var refused = http.send("PATCH", scale, seven, "content-type", apply);
    assertThat(refused.code()).isEqualTo(409);
    assertThat(refused.message()).contains("conflict with \"maker\"", ".spec.replicas");
    var taken = http.send("PATCH", scale + "&force=true", seven, "content-type", apply);
    assertThat(taken.code()).isEqualTo(200);
    assertThat(taken.json().integer("spec", "replicas")).hasValue(7);
    var entries = http.get(deployments + "/applied").json().array("metadata", "managedFields");
    assertThat(
            entries
                .objects()
                .filter(e -> e.string("manager").orElse("").equals("scaler"))
                .map(e -> e.without("time").toString()))
        .containsExactly(
            Http.json(
                    "{'manager':'scaler','operation':'Apply','apiVersion':'apps/v1',"
                        + "'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}},"
                        + "'subresource':'scale'}")
                .toString());
    String deployment = seven.replace("autoscaling/v1", "apps/v1").replace("Scale", "Deployment");
    assertThat(http.send("PATCH", scale, deployment, "content-type", apply).code()).isEqualTo(400);
  }

  @Test
  void whoScalesOwnsTheReplicasThroughTheSubresource() throws Exception {
    String deployments = "/apis/apps/v1/namespaces/default/deployments";
    String body =
        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'owned'},"
            + "'spec':{'replicas':1,'selector':{'matchLabels':{'a':'b'}},"
            + "'template':{'metadata':{'labels':{'a':'b'}},"
            + "'spec':{'containers':[{'name':'c','image':'i'}]}}}}";
    http.post(deployments + "?fieldManager=maker", body);
    http.send(
        "PATCH",
        deployments + "/owned/scale?fieldManager=kubectl",
        "{'spec':{'replicas':5}}",
        "content-type",
        "application/merge-patch+json");
    var entries = http.get(deployments + "/owned").json().array("metadata", "managedFields");
    assertThat(
            entries
                .objects()
                .filter(e -> e.string("manager").orElse("").equals("kubectl"))
                .map(e -> e.without("time").toString()))
        .containsExactly(
            Http.json(
                    "{'manager':'kubectl','operation':'Update','apiVersion':'apps/v1',"
                        + "'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}},"
                        + "'subresource':'scale'}")
                .toString());
    assertThat(
            entries
                .objects()
                .filter(e -> e.string("manager").orElse("").equals("maker"))
                .map(e -> e.find("fieldsV1", "f:spec", "f:replicas")))
        .containsExactly(java.util.Optional.empty());

    var conflict =
        http.send(
            "PATCH",
            deployments + "/owned?fieldManager=applier",
            body.replace("'replicas':1", "'replicas':2"),
            "content-type",
            "application/apply-patch+yaml");
    assertThat(conflict.code()).isEqualTo(409);
    assertThat(conflict.message())
        .contains(
            "conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas");
  }

  @Test
  void aStatusIsWrittenApartFromItsObject() throws Exception {
    String deployments = "/apis/apps/v1/namespaces/default/deployments";
    var made =
        http.post(
                deployments,
                "{'metadata':{'name':'stated'},'spec':{'selector':{'matchLabels':{'a':'b'}},"
                    + "'template':{'metadata':{'labels':{'a':'b'}},"
                    + "'spec':{'containers':[{'name':'c','image':'i'}]}}},"
                    + "'status':{'replicas':7}}")
            .json();
    assertThat(made.integer("status", "replicas")).isEmpty();
    var written =
        http.send(
                "PATCH",
                deployments + "/stated/status",
                "{'spec':{'replicas':9},'status':{'replicas':3}}",
                "content-type",
                "application/merge-patch+json")
            .json();
    assertThat(written.integer("status", "replicas")).hasValue(3);
    assertThat(written.integer("spec", "replicas")).hasValue(1);
  }

  @Test
  void somebodyWhoImpersonatesIsThatSomebody() throws Exception {
    // the authorizer of this test allows all: what shows is that the request goes through
    assertThat(http.get(CONFIG_MAPS, "impersonate-user", "ann").code()).isEqualTo(200);
    assertThat(http.get(CONFIG_MAPS, "impersonate-group", "g").code()).isEqualTo(500);
  }

  @Test
  void everyKindOfDeletionIsMarkedByItsFinalizer() throws Exception {
    for (var policy : List.of("Orphan", "Foreground")) {
      String name = "policy-" + policy.toLowerCase(java.util.Locale.ROOT);
      create(name);
      var reply =
          http.send("DELETE", CONFIG_MAPS + "/" + name + "?propagationPolicy=" + policy, "");
      assertThat(reply.json().array("metadata", "finalizers").strings())
          .containsExactly(policy.equals("Orphan") ? "orphan" : "foregroundDeletion");
    }
  }
}
