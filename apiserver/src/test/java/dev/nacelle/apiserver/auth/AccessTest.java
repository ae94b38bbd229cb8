package dev.nacelle.apiserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.bootstrap.RbacDefaults;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One server for all; each test works in names of its own. */
class AccessTest {
  private static final WriteOptions WRITER = WriteOptions.by("test");
  private static final Identity ALICE = Identity.of("alice", Identity.AUTHENTICATED);
  private static final ResourceType TOKEN_REVIEWS =
      new ResourceType("authentication.k8s.io", "v1", "tokenreviews");
  private static final ResourceType SELF_REVIEWS =
      new ResourceType("authorization.k8s.io", "v1", "selfsubjectaccessreviews");

  @TempDir static Path directory;
  private static GuardedServer guarded;
  private static ApiClient system;

  @BeforeAll
  static void start() throws Exception {
    guarded = GuardedServer.start(directory);
    system = guarded.system();
    guarded.account("default", "default");
  }

  @AfterAll
  static void end() {
    guarded.close();
  }

  private static KubeObject pod(String name, String fields) {
    return GuardedServer.object(
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default"},
         "spec":{"containers":[{"name":"c","image":"i"}]%s}}"""
            .formatted(name, fields));
  }

  private static KubeObject create(KubeObject pod) {
    return system.create(Resources.PODS, pod, WRITER);
  }

  private static void assertRefused(int code, String message, Runnable call) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(call::run)
        .satisfies(e -> assertThat(e.code()).isEqualTo(code))
        .withMessageContaining(message);
  }

  @Test
  void podGetsItsAccountTokenVolumeTolerationsAndPriority() {
    JsonObject spec = create(pod("whole", "")).spec();
    assertThat(spec.string("serviceAccountName")).contains("default");
    JsonObject volume = spec.array("volumes").objects().findFirst().orElseThrow();
    assertThat(volume.string("name").orElseThrow()).matches("kube-api-access-[a-z0-9]{5}");
    assertThat(volume.integer("projected", "defaultMode")).hasValue(420);
    JsonObject container = spec.array("containers").objects().findFirst().orElseThrow();
    assertThat(container.array("volumeMounts").objects().map(m -> m.string("mountPath")))
        .hasSize(1);
    assertThat(spec.array("tolerations").objects()).hasSize(2);
    assertThat(spec.integer("priority")).hasValue(0);
    assertThat(spec.string("preemptionPolicy")).contains("PreemptLowerPriority");
  }

  @Test
  void podWithoutAutomountGetsNoVolume() {
    KubeObject made = create(pod("plain", ",\"automountServiceAccountToken\":false"));
    assertThat(made.spec().array("volumes").isEmpty()).isTrue();
  }

  @Test
  void podOfAMissingAccountIsForbidden() {
    assertRefused(
        403,
        "pods \"lost\" is forbidden: error looking up service account default/nobody:"
            + " serviceaccount \"nobody\" not found",
        () -> create(pod("lost", ",\"serviceAccountName\":\"nobody\"")));
  }

  @Test
  void priorityComesFromTheClassAndFromNothingElse() {
    KubeObject made = create(pod("high", ",\"priorityClassName\":\"system-node-critical\""));
    assertThat(made.spec().integer("priority")).hasValue(2_000_001_000L);
    assertRefused(
        403,
        "no PriorityClass with name none was found",
        () -> create(pod("unknown", ",\"priorityClassName\":\"none\"")));
    assertRefused(
        403,
        "the integer value of priority (7) must not be provided",
        () -> create(pod("seven", ",\"priority\":7")));
  }

  @Test
  void tokenHoldsUntilItsPodIsGone() throws Exception {
    guarded.account("default", "reader");
    KubeObject pod = create(pod("bound", ",\"serviceAccountName\":\"reader\""));
    String token =
        token(
            "reader",
            """
            ,"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"bound","uid":"%s"}"""
                .formatted(pod.uid()));
    JsonObject status = reviewed(token);
    assertThat(status.bool("authenticated")).contains(true);
    assertThat(status.string("user", "username")).contains("system:serviceaccount:default:reader");
    assertThat(status.object("user", "extra").array("authentication.kubernetes.io/pod-name"))
        .isEqualTo(JsonArray.of(Json.of("bound")));
    system.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT);
    GuardedServer.await(() -> reviewed(token).bool("authenticated").isEmpty());
  }

  @Test
  void changedTokenIsNotBelieved() {
    String token = token("default", "");
    String[] parts = token.split("\\.", -1);
    String claims =
        new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
            .replace("default:default", "kube-system:root");
    String forged =
        parts[0]
            + "."
            + Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(claims.getBytes(StandardCharsets.UTF_8))
            + "."
            + parts[2];
    assertThat(reviewed(forged).bool("authenticated")).isEmpty();
  }

  @Test
  void tokenOfLessThanTenMinutesIsInvalid() {
    assertRefused(
        422,
        "may not specify a duration less than 10 minutes",
        () -> token("default", ",\"expirationSeconds\":599"));
  }

  private static String token(String account, String fields) {
    KubeObject request =
        GuardedServer.object(
            "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\","
                + "\"spec\":{\"audiences\":[]"
                + fields
                + "}}");
    return system
        .post(
            Resources.SERVICE_ACCOUNTS, new ObjectKey("default", account), "token", request, WRITER)
        .status()
        .string("token")
        .orElseThrow();
  }

  private static JsonObject reviewed(String token) {
    KubeObject review =
        GuardedServer.object(
            "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\","
                + "\"spec\":{\"token\":\""
                + token
                + "\"}}");
    return system.create(TOKEN_REVIEWS, review, WRITER).status();
  }

  @Test
  void strangerMayOnlyAskWhatHeMayDo() {
    ApiClient bob = guarded.as(Identity.of("bob", Identity.AUTHENTICATED));
    assertRefused(
        403,
        "User \"bob\" cannot list resource \"pods\" in API group \"\" at the cluster scope",
        () -> bob.list(Resources.PODS, ListOptions.ALL));
    KubeObject question =
        GuardedServer.object(
            """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":
             {"resourceAttributes":{"verb":"list","resource":"pods","namespace":"default"}}}""");
    assertThat(bob.create(SELF_REVIEWS, question, WRITER).status().bool("allowed")).contains(false);
  }

  @Test
  void roleHoldsInItsNamespaceAndMayNotGrantMore() throws Exception {
    system.create(
        Resources.ROLE_BINDINGS,
        GuardedServer.object(
            """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
             "metadata":{"name":"alice-admin","namespace":"default"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"},
             "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"}]}"""),
        WRITER);
    ApiClient alice = guarded.as(ALICE);
    GuardedServer.await(() -> maySee(alice, "default"));
    assertThat(maySee(alice, "kube-system")).isFalse();
    alice.create(Resources.ROLES, role("small", "pods"), WRITER);
    assertRefused(
        403,
        "is attempting to grant RBAC permissions not currently held:\n"
            + "{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\"]}",
        () -> alice.create(Resources.ROLES, role("large", "nodes"), WRITER));
  }

  private static KubeObject role(String name, String resource) {
    return GuardedServer.object(
        """
        {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role",
         "metadata":{"name":"%s","namespace":"default"},
         "rules":[{"apiGroups":[""],"resources":["%s"],"verbs":["get"]}]}"""
            .formatted(name, resource));
  }

  private static boolean maySee(ApiClient client, String namespace) {
    try {
      client.list(Resources.PODS, ListOptions.inNamespace(namespace));
      return true;
    } catch (ApiException e) {
      return false;
    }
  }

  @Test
  void nodeReadsOnlyWhatItsPodsReferTo() {
    for (String name : List.of("wanted", "other")) {
      system.create(
          Resources.SECRETS,
          GuardedServer.object(
              """
              {"apiVersion":"v1","kind":"Secret",
               "metadata":{"name":"%s","namespace":"default"}}"""
                  .formatted(name)),
          WRITER);
    }
    create(
        pod(
            "on-node",
            """
            ,"nodeName":"n1","volumes":[{"name":"v","secret":{"secretName":"wanted"}}]"""));
    ApiClient node = guarded.as(Identity.node("n1"));
    assertThat(node.get(Resources.SECRETS, new ObjectKey("default", "wanted")).name())
        .isEqualTo("wanted");
    assertRefused(
        403,
        "no relationship found between node 'n1' and this object",
        () -> node.get(Resources.SECRETS, new ObjectKey("default", "other")));
    ApiClient stranger = guarded.as(Identity.node("n2"));
    assertRefused(
        403,
        "no relationship found between node 'n2' and this object",
        () -> stranger.get(Resources.SECRETS, new ObjectKey("default", "wanted")));
    assertRefused(
        403,
        "can only update pod status for pods with spec.nodeName set to itself",
        () ->
            stranger.patch(
                Resources.PODS,
                new ObjectKey("default", "on-node"),
                Patch.merge(JsonObject.EMPTY.withAt(Json.of("Failed"), "status", "phase")),
                WRITER.of("status")));
  }

  @Test
  void nodeFollowsByNameWhatItsPodsReferTo() throws Exception {
    for (String name : List.of("followed", "unrelated")) {
      system.create(
          Resources.CONFIG_MAPS,
          GuardedServer.object(
              """
              {"apiVersion":"v1","kind":"ConfigMap",
               "metadata":{"name":"%s","namespace":"default"}}"""
                  .formatted(name)),
          WRITER);
    }
    create(
        pod(
            "following",
            """
            ,"nodeName":"n3","volumes":[{"name":"v","configMap":{"name":"followed"}}]"""));
    ApiClient node = guarded.as(Identity.node("n3"));
    ListOptions all = ListOptions.inNamespace("default");
    ListOptions followed = all.withFieldSelector("metadata.name=followed");
    ListOptions unrelated = all.withFieldSelector("metadata.name=unrelated");
    var listed = node.list(Resources.CONFIG_MAPS, followed);
    assertThat(listed.items()).extracting(KubeObject::name).containsExactly("followed");
    try (var watch = node.watch(Resources.CONFIG_MAPS, followed.from(listed.resourceVersion()))) {
      system.patch(
          Resources.CONFIG_MAPS,
          new ObjectKey("default", "followed"),
          Patch.merge(JsonObject.EMPTY.withAt(Json.of("b"), "data", "a")),
          WRITER);
      var event = watch.next(Duration.ofSeconds(30)).orElseThrow();
      assertThat(event.object().json().string("data", "a")).contains("b");
    }
    String refusal = "no relationship found between node 'n3' and this object";
    assertRefused(403, refusal, () -> node.list(Resources.CONFIG_MAPS, unrelated));
    assertRefused(403, refusal, () -> node.watch(Resources.CONFIG_MAPS, unrelated).close());
    assertRefused(
        403,
        "configmaps is forbidden: User \"system:node:n3\" cannot watch resource \"configmaps\" in"
            + " API group \"\" in the namespace \"default\": No Object name found",
        () -> node.watch(Resources.CONFIG_MAPS, all).close());
    assertRefused(
        403,
        "No Object name found",
        () -> node.list(Resources.CONFIG_MAPS, all.withFieldSelector("metadata.name!=unrelated")));
  }

  @Test
  void nodeChangesNoOtherNode() {
    ApiClient node = guarded.as(Identity.node("n1"));
    node.create(Resources.NODES, node("n1"), WRITER);
    assertRefused(
        403,
        "node \"n1\" is not allowed to modify node \"n9\"",
        () -> node.create(Resources.NODES, node("n9"), WRITER));
  }

  private static KubeObject node(String name) {
    return GuardedServer.object(
        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"" + name + "\"}}");
  }

  @Test
  void joiningHostGetsANodesCertificateAndNobodyElseDoes() throws Exception {
    Identity host =
        Identity.of("system:bootstrap:abcdef", "system:bootstrappers", Identity.AUTHENTICATED);
    KubeObject granted = guarded.as(host).create(csrs(), request("csr-host"), WRITER);
    GuardedServer.await(() -> !certificate(granted).isEmpty());
    String pem =
        new String(Base64.getDecoder().decode(certificate(granted)), StandardCharsets.UTF_8);
    assertThat(SubjectName.of(Pem.certificates(pem).getFirst()).commonName())
        .isEqualTo("system:node:n5");

    KubeObject asked = system.as(ALICE_WITH_CSRS).create(csrs(), request("csr-alice"), WRITER);
    KubeObject later = guarded.as(host).create(csrs(), request("csr-later"), WRITER);
    GuardedServer.await(() -> !certificate(later).isEmpty());
    assertThat(certificate(asked)).isEmpty();
  }

  @Test
  void joiningHostSeesItsNodeAndWhatItJoins() {
    Identity host =
        Identity.of(
            "system:bootstrap:abcdef",
            "system:bootstrappers",
            RbacDefaults.JOINING_HOSTS,
            Identity.AUTHENTICATED);
    var known = new ObjectKey("kube-system", "nacelle-cluster");
    assertThat(guarded.as(host).find(Resources.NODES, ObjectKey.cluster("n7"))).isEmpty();
    assertThat(guarded.as(host).find(Resources.CONFIG_MAPS, known)).isEmpty();
    assertThat(guarded.as(Identity.node("n7")).find(Resources.CONFIG_MAPS, known)).isEmpty();
    assertRefused(
        403, "cannot list resource", () -> guarded.as(host).list(Resources.NODES, ListOptions.ALL));
  }

  @Test
  void everybodyMayAskWhomTheyWouldJoin() {
    var info = new ObjectKey("kube-public", "cluster-info");
    ApiClient anybody = guarded.as(Identity.ANONYMOUS);
    assertThat(anybody.find(Resources.CONFIG_MAPS, info)).isEmpty();
    assertRefused(
        403,
        "cannot get resource",
        () -> anybody.find(Resources.CONFIG_MAPS, new ObjectKey("kube-system", "nacelle-cluster")));
  }

  /** May create requests, as anybody in this group may; may not have a node's certificate. */
  private static final Identity ALICE_WITH_CSRS =
      Identity.of("system:node:n6", "system:nodes", Identity.AUTHENTICATED);

  private static ResourceType csrs() {
    return Resources.CERTIFICATE_SIGNING_REQUESTS;
  }

  private static String certificate(KubeObject request) {
    return system.get(csrs(), request.key()).status().string("certificate").orElse("");
  }

  private static KubeObject request(String name) {
    String node = name.equals("csr-alice") ? "someone" : "system:node:n5";
    String pem =
        SigningRequest.write(
            KeyPairs.generateP256(),
            SubjectName.of(node, "system:nodes"),
            SubjectAlternatives.NONE);
    return GuardedServer.object(
        """
        {"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest",
         "metadata":{"name":"%s"},"spec":{"request":"%s",
         "signerName":"kubernetes.io/kube-apiserver-client-kubelet",
         "usages":["digital signature","client auth"]}}"""
            .formatted(
                name, Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8))));
  }

  @Test
  void defaultsAreGivenBackAndAdditionsStay() throws Exception {
    ObjectKey view = ObjectKey.cluster("system:public-info-viewer");
    KubeObject role = system.get(Resources.CLUSTER_ROLES, view);
    KubeObject changed =
        new KubeObject(
            role.json()
                .with(
                    "rules",
                    JsonArray.of(
                        JsonObject.builder()
                            .put("verbs", JsonArray.of(Json.of("get")))
                            .put("nonResourceURLs", JsonArray.of(Json.of("/mine")))
                            .build())));
    system.update(Resources.CLUSTER_ROLES, changed, WRITER);
    RbacDefaults.reconcile(system);
    String rules = system.get(Resources.CLUSTER_ROLES, view).json().array("rules").toString();
    assertThat(rules).contains("/mine").contains("/healthz").contains("/version");
    String revision = system.list(Resources.CLUSTER_ROLES, ListOptions.ALL).resourceVersion();
    RbacDefaults.reconcile(system);
    assertThat(system.list(Resources.CLUSTER_ROLES, ListOptions.ALL).resourceVersion())
        .isEqualTo(revision);
  }
}
