package dev.nacelle.testkit.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The controllers at all their kinds of work, with no other rights than their roles give them. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControllerRightsTest {
  private static final String WEB =
      """
      {metadata: {name: web, namespace: %s},
       spec: {replicas: 2, revisionHistoryLimit: 0, selector: {matchLabels: {app: web}},
         template: {metadata: {labels: {app: web}},
           spec: {containers: [{name: c, image: one}]}}}}""";

  private GuardedCluster cluster;
  private ApiClient api;

  @BeforeAll
  void work(@TempDir Path directory) throws Exception {
    cluster = new GuardedCluster(directory);
    api = cluster.system();
    cluster.nodes.addNode("n1", "a", 50);
    cluster.nodes.addNode("n2", "b", 50);
    cluster.await("namespaces have their defaults", () -> hasDefaults("default"));
    rollOut();
    loseAndFind();
    serve();
    group();
    aggregate();
    certify();
    silence();
    endNamespace();
  }

  @AfterAll
  void close() {
    cluster.close();
  }

  private boolean hasDefaults(String namespace) {
    return exists(Resources.SERVICE_ACCOUNTS, namespace, "default")
        && exists(Resources.CONFIG_MAPS, namespace, "kube-root-ca.crt");
  }

  private boolean exists(ResourceType type, String namespace, String name) {
    return api.find(type, new ObjectKey(namespace, name)).isPresent();
  }

  private void create(ResourceType type, String yaml) {
    api.create(type, TestCluster.object(yaml), TestCluster.USER);
  }

  private void patch(ResourceType type, String namespace, String name, String yaml) {
    api.patch(
        type,
        new ObjectKey(namespace, name),
        Patch.merge(TestCluster.object(yaml).json()),
        TestCluster.USER);
  }

  private List<KubeObject> all(ResourceType type, String namespace) {
    return api.list(type, ListOptions.inNamespace(namespace)).items();
  }

  private void deploy(String namespace) throws InterruptedException {
    create(Resources.DEPLOYMENTS, WEB.formatted(namespace));
    awaitAvailable(namespace);
  }

  private void awaitAvailable(String namespace) throws InterruptedException {
    cluster.await(
        "the deployment is complete",
        () -> {
          KubeObject web = api.get(Resources.DEPLOYMENTS, new ObjectKey(namespace, "web"));
          return web.status().integer("availableReplicas").orElse(0) == 2
              && web.status().integer("updatedReplicas").orElse(0) == 2
              && web.status().integer("replicas").orElse(0) == 2
              && web.status().integer("observedGeneration").orElse(0) == web.generation();
        });
  }

  private void rollOut() throws InterruptedException {
    deploy("default");
    patch(
        Resources.DEPLOYMENTS,
        "default",
        "web",
        "{spec: {template: {spec: {containers: [{name: c, image: two}]}}}}");
    awaitAvailable("default");
    cluster.await("the old set is gone", () -> all(Resources.REPLICA_SETS, "default").size() == 1);
  }

  /** Orphans are adopted by whoever selects them, and given up again. */
  private void loseAndFind() throws InterruptedException {
    var web = new ObjectKey("default", "web");
    api.delete(
        Resources.DEPLOYMENTS,
        web,
        DeleteOptions.DEFAULT.propagating(DeleteOptions.Propagation.ORPHAN));
    cluster.await("the deployment is gone", () -> !exists(Resources.DEPLOYMENTS, "default", "web"));
    deploy("default");
    KubeObject pod = all(Resources.PODS, "default").getFirst();
    patch(Resources.PODS, "default", pod.name(), "{metadata: {labels: {app: none}}}");
    cluster.await(
        "the pod is given up",
        () -> api.get(Resources.PODS, pod.key()).ownerReferences().isEmpty());
    patch(Resources.PODS, "default", pod.name(), "{metadata: {labels: {app: web}}}");
    cluster.await("there are two again", () -> all(Resources.PODS, "default").size() == 2);
    api.delete(
        Resources.DEPLOYMENTS,
        web,
        DeleteOptions.DEFAULT.propagating(DeleteOptions.Propagation.FOREGROUND));
    cluster.await("the deployment is gone", () -> !exists(Resources.DEPLOYMENTS, "default", "web"));
    assertThat(all(Resources.PODS, "default")).isEmpty();
    deploy("default");
  }

  private void serve() throws InterruptedException {
    create(
        Resources.SERVICES,
        """
        {metadata: {name: web, namespace: default},
         spec: {selector: {app: web}, ports: [{port: 80}]}}""");
    cluster.await("two endpoints", () -> endpoints() == 2);
    patch(Resources.DEPLOYMENTS, "default", "web", "{spec: {replicas: 3}}");
    cluster.await("three endpoints", () -> endpoints() == 3);
    api.delete(Resources.SERVICES, new ObjectKey("default", "web"), DeleteOptions.DEFAULT);
    cluster.await(
        "no endpoints", () -> endpoints() == 0 && !exists(Resources.ENDPOINTS, "default", "web"));
    patch(Resources.DEPLOYMENTS, "default", "web", "{spec: {replicas: 2}}");
    awaitAvailable("default");
  }

  private int endpoints() {
    return all(Resources.ENDPOINT_SLICES, "default").stream()
        .filter(slice -> slice.label("kubernetes.io/service-name").orElse("").equals("web"))
        .mapToInt(slice -> slice.json().array("endpoints").size())
        .sum();
  }

  private void group() throws InterruptedException {
    create(
        Resources.CONTAINER_GROUP_PROFILES,
        """
        {metadata: {name: hello, namespace: default},
         spec: {template: {metadata: {labels: {app: hello}},
           spec: {containers: [{name: c, image: one}]}}}}""");
    create(
        Resources.NGROUPS,
        """
        {metadata: {name: hello, namespace: default},
         spec: {replicas: 2, maintainReplicas: false, profileRef: {name: hello}}}""");
    cluster.await("two groups", () -> readyGroups() == 2);
    patch(Resources.NGROUPS, "default", "hello", "{spec: {replicas: 1}}");
    cluster.await("one group", () -> readyGroups() == 1);
    for (int i = 0; i < 12; i++) {
      int revision = i + 2;
      patch(
          Resources.CONTAINER_GROUP_PROFILES,
          "default",
          "hello",
          "{spec: {template: {metadata: {annotations: {n: \"%d\"}}}}}".formatted(i));
      cluster.await(
          "revision " + revision,
          () ->
              api.get(Resources.CONTAINER_GROUP_PROFILES, new ObjectKey("default", "hello"))
                      .status()
                      .integer("revision")
                      .orElse(0)
                  == revision);
    }
  }

  private long readyGroups() {
    return api.get(Resources.NGROUPS, new ObjectKey("default", "hello"))
        .status()
        .integer("readyReplicas")
        .orElse(0);
  }

  private void aggregate() throws InterruptedException {
    create(
        Resources.CLUSTER_ROLES,
        """
        {metadata: {name: more,
           labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}},
         rules: [{apiGroups: [example.com], resources: [things], verbs: [get]}]}""");
    cluster.await(
        "the role is summed up",
        () ->
            api.get(Resources.CLUSTER_ROLES, ObjectKey.cluster("view"))
                .json()
                .toString()
                .contains("example.com"));
  }

  private void certify() throws Exception {
    var none = SubjectAlternatives.NONE;
    var host = new SubjectAlternatives(List.of("n9"), List.of(InetAddress.ofLiteral("192.0.2.9")));
    ask(
        Identity.of("system:bootstrap:abcdef", "system:bootstrappers", Identity.AUTHENTICATED),
        "kube-apiserver-client-kubelet",
        none,
        "client auth");
    ask(Identity.node("n9"), "kubelet-serving", host, "server auth");
  }

  private void ask(Identity who, String signer, SubjectAlternatives names, String usage)
      throws InterruptedException {
    String pem =
        SigningRequest.write(
            KeyPairs.generateP256(), SubjectName.of("system:node:n9", "system:nodes"), names);
    String request = Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.UTF_8));
    cluster
        .as(who)
        .create(
            Resources.CERTIFICATE_SIGNING_REQUESTS,
            TestCluster.object(
                """
                {metadata: {name: %1$s}, spec: {request: %2$s,
                  signerName: kubernetes.io/%1$s, usages: [digital signature, %3$s]}}"""
                    .formatted(signer, request, usage)),
            TestCluster.USER);
    cluster.await(
        "the certificate is issued",
        () ->
            api.get(Resources.CERTIFICATE_SIGNING_REQUESTS, ObjectKey.cluster(signer))
                .status()
                .string("certificate")
                .isPresent());
  }

  /** A node falls silent, loses its pods, and is deleted. */
  private void silence() throws InterruptedException {
    cluster.pass(Duration.ofMinutes(2));
    touch("n1");
    cluster.await("the node is tainted", () -> node("n1").spec().toString().contains("NoExecute"));
    cluster.pass(Duration.ofMinutes(10));
    touch("n1");
    cluster.await(
        "its pods are gone",
        () ->
            all(Resources.PODS, "").stream()
                .noneMatch(pod -> pod.spec().string("nodeName").orElse("").equals("n1")));
    api.delete(Resources.NODES, ObjectKey.cluster("n1"), DeleteOptions.DEFAULT);
    cluster.await(
        "its range is free",
        () ->
            !api.get(Resources.CONFIG_MAPS, new ObjectKey("kube-system", "nacelle-pod-ranges"))
                .json()
                .object("data")
                .has("n1"));
  }

  private KubeObject node(String name) {
    return api.get(Resources.NODES, ObjectKey.cluster(name));
  }

  private void touch(String node) {
    patch(
        Resources.NODES,
        "",
        node,
        "{metadata: {annotations: {touched: \"%d\"}}}".formatted(System.nanoTime()));
  }

  private void endNamespace() throws InterruptedException {
    create(Resources.NAMESPACES, "{metadata: {name: passing}}");
    cluster.await("the namespace has its defaults", () -> hasDefaults("passing"));
    patch(Resources.CONFIG_MAPS, "passing", "kube-root-ca.crt", "{data: {ca.crt: wrong}}");
    cluster.await(
        "the certificates are mended",
        () ->
            api.get(Resources.CONFIG_MAPS, new ObjectKey("passing", "kube-root-ca.crt"))
                .json()
                .string("data", "ca.crt")
                .orElse("")
                .equals("PEM"));
    create(Resources.CONFIG_MAPS, "{metadata: {name: some, namespace: passing}}");
    api.delete(Resources.NAMESPACES, ObjectKey.cluster("passing"), DeleteOptions.DEFAULT);
    cluster.await("the namespace is gone", () -> !exists(Resources.NAMESPACES, "", "passing"));
  }

  @Test
  void nothingIsRefusedToThem() {
    assertThat(cluster.refused()).isEmpty();
  }

  /**
   * A role that grows shows here. All but the last are upstream's: the first four and {@code
   * escalate} are asked for within admission, the others ours does without. The last is used beyond
   * a hundred revisions.
   */
  @Test
  void whatTheyDoNotUseIsUpstreams() {
    assertThat(cluster.unused())
        .containsExactlyInAnyOrder(
            "certificate-controller: approve signers.certificates.k8s.io",
            "certificate-controller: create subjectaccessreviews.authorization.k8s.io",
            "certificate-controller: delete certificatesigningrequests.certificates.k8s.io",
            "certificate-controller: sign signers.certificates.k8s.io",
            "clusterrole-aggregation-controller: escalate clusterroles.rbac.authorization.k8s.io",
            "clusterrole-aggregation-controller: patch clusterroles.rbac.authorization.k8s.io",
            "deployment-controller: update deployments.apps",
            "deployment-controller: update deployments/finalizers.apps",
            "deployment-controller: update pods",
            "endpoint-controller: create endpoints/restricted",
            "endpointslice-controller: delete endpointslices.discovery.k8s.io",
            "endpointslice-controller: update services/finalizers",
            "namespace-controller: delete namespaces",
            "node-controller: delete nodes",
            "node-controller: patch nodes/status",
            "node-controller: update nodes",
            "node-controller: update pods/status",
            "pod-garbage-collector: delete pods",
            "pod-garbage-collector: patch pods/status",
            "replicaset-controller: update replicasets.apps",
            "replicaset-controller: update replicasets/finalizers.apps",
            "profile-controller: delete controllerrevisions.apps");
  }
}
