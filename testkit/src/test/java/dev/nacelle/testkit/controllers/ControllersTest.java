package dev.nacelle.testkit.controllers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class ControllersTest {
  private static final String DEPLOYMENT =
      """
      {metadata: {name: web, namespace: default, labels: {app: web}},
       spec: {replicas: 3, selector: {matchLabels: {app: web}}, progressDeadlineSeconds: 600,
         revisionHistoryLimit: 10,
         strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}},
         template: {metadata: {labels: {app: web}},
           spec: {containers: [{name: c, image: one}]}}}}""";

  private TestCluster cluster;

  @BeforeEach
  void start() {
    cluster = new TestCluster();
    cluster.nodes.addNode("n1", "a", 50);
    cluster.nodes.addNode("n2", "b", 50);
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private JsonObject deploymentStatus() {
    return cluster.get(Resources.DEPLOYMENTS, "default", "web").status();
  }

  private void deploy() throws InterruptedException {
    cluster.create(Resources.DEPLOYMENTS, DEPLOYMENT);
    awaitComplete();
  }

  private void awaitComplete() throws InterruptedException {
    cluster.await(
        "deployment complete",
        () ->
            deploymentStatus().integer("availableReplicas").orElse(0) == 3
                && deploymentStatus().integer("updatedReplicas").orElse(0) == 3
                && deploymentStatus().integer("replicas").orElse(0) == 3
                && deploymentStatus().integer("observedGeneration").orElse(0)
                    == cluster.get(Resources.DEPLOYMENTS, "default", "web").generation()
                && deploymentStatus().toString().contains("NewReplicaSetAvailable"));
  }

  private void setImage(String image) {
    cluster.api.patch(
        Resources.DEPLOYMENTS,
        new ObjectKey("default", "web"),
        Patch.merge(
            TestCluster.object(
                    "{spec: {template: {spec: {containers: [{name: c, image: " + image + "}]}}}}")
                .json()),
        TestCluster.USER);
  }

  @Test
  void aDeploymentBecomesAvailable() throws InterruptedException {
    deploy();
    assertThat(cluster.pods()).hasSize(3);
    assertThat(cluster.readyPods()).isEqualTo(3);
    KubeObject set = cluster.api.all(Resources.REPLICA_SETS).getFirst();
    assertThat(set.annotation("deployment.kubernetes.io/revision")).contains("1");
    assertThat(set.label("pod-template-hash")).isPresent();
    assertThat(
            cluster
                .get(Resources.DEPLOYMENTS, "default", "web")
                .annotation("deployment.kubernetes.io/revision"))
        .contains("1");
  }

  @Test
  void aChangedTemplateRollsOverAndBackKeepsItsSet() throws InterruptedException {
    deploy();
    setImage("two");
    awaitComplete();
    assertThat(cluster.api.all(Resources.REPLICA_SETS)).hasSize(2);
    setImage("one");
    awaitComplete();
    assertThat(cluster.api.all(Resources.REPLICA_SETS)).hasSize(2);
    assertThat(
            cluster
                .get(Resources.DEPLOYMENTS, "default", "web")
                .annotation("deployment.kubernetes.io/revision"))
        .contains("3");
    assertThat(
            cluster.api.all(Resources.REPLICA_SETS).stream()
                .map(s -> s.annotation("deployment.kubernetes.io/revision-history").orElse("-"))
                .toList())
        .containsExactlyInAnyOrder("1", "-");
  }

  @Test
  void aDeletedDeploymentTakesItsSetsAndPodsAlong() throws InterruptedException {
    deploy();
    cluster.api.delete(
        Resources.DEPLOYMENTS, new ObjectKey("default", "web"), DeleteOptions.BACKGROUND);
    cluster.await(
        "sets and pods gone",
        () -> cluster.pods().isEmpty() && cluster.api.all(Resources.REPLICA_SETS).isEmpty());
  }

  @Test
  void foregroundDeletionWaitsForThePods() throws InterruptedException {
    deploy();
    cluster.api.delete(
        Resources.DEPLOYMENTS,
        new ObjectKey("default", "web"),
        DeleteOptions.DEFAULT.propagating(DeleteOptions.Propagation.FOREGROUND));
    cluster.await("deployment gone", () -> cluster.api.all(Resources.DEPLOYMENTS).isEmpty());
    assertThat(cluster.api.all(Resources.REPLICA_SETS)).isEmpty();
    assertThat(cluster.pods()).isEmpty();
  }

  @Test
  void orphaningLeavesTheSetWithoutOwner() throws InterruptedException {
    deploy();
    cluster.api.delete(
        Resources.DEPLOYMENTS,
        new ObjectKey("default", "web"),
        DeleteOptions.DEFAULT.propagating(DeleteOptions.Propagation.ORPHAN));
    cluster.await("deployment gone", () -> cluster.api.all(Resources.DEPLOYMENTS).isEmpty());
    assertThat(cluster.api.all(Resources.REPLICA_SETS).getFirst().ownerReferences()).isEmpty();
    assertThat(cluster.pods()).hasSize(3);
  }

  @Test
  void aLostPodIsReplaced() throws InterruptedException {
    deploy();
    KubeObject lost = cluster.pods().getFirst();
    cluster.api.delete(Resources.PODS, lost.key(), DeleteOptions.DEFAULT);
    cluster.await(
        "replaced",
        () ->
            cluster.readyPods() == 3
                && cluster.pods().stream().noneMatch(p -> p.uid().equals(lost.uid())));
  }

  @Test
  void servicesGetSlicesAndEndpoints() throws InterruptedException {
    deploy();
    cluster.create(
        Resources.SERVICES,
        """
        {metadata: {name: web, namespace: default},
         spec: {clusterIP: "10.128.0.9", selector: {app: web},
           ports: [{name: http, port: 80, targetPort: 8080}]}}""");
    cluster.await(
        "three endpoints",
        () ->
            cluster.api.all(Resources.ENDPOINT_SLICES).stream()
                    .mapToInt(s -> s.json().array("endpoints").size())
                    .sum()
                == 3);
    cluster.await(
        "endpoints", () -> cluster.api.all(Resources.ENDPOINTS).toString().contains("targetRef"));
    assertThat(cluster.api.all(Resources.ENDPOINT_SLICES)).hasSize(1);
    KubeObject slice = cluster.api.all(Resources.ENDPOINT_SLICES).getFirst();
    assertThat(slice.label("kubernetes.io/service-name")).contains("web");
    assertThat(slice.json().array("ports").toString()).contains("8080");
  }

  @Test
  void namespacesHaveAnAccountAndTheCertificates() throws InterruptedException {
    cluster.await(
        "defaults",
        () ->
            cluster
                    .api
                    .find(Resources.SERVICE_ACCOUNTS, new ObjectKey("default", "default"))
                    .isPresent()
                && cluster
                    .api
                    .find(Resources.CONFIG_MAPS, new ObjectKey("default", "kube-root-ca.crt"))
                    .filter(m -> m.json().string("data", "ca.crt").orElse("").equals("PEM"))
                    .isPresent());
  }

  @Test
  void eachNodeGetsARangeOfItsOwn() throws InterruptedException {
    cluster.await(
        "ranges",
        () ->
            cluster.api.all(Resources.NODES).stream()
                .allMatch(n -> n.spec().string("podCIDR").isPresent()));
    Set<String> ranges =
        cluster.api.all(Resources.NODES).stream()
            .map(n -> n.spec().string("podCIDR").orElse(""))
            .collect(Collectors.toSet());
    assertThat(ranges).containsExactlyInAnyOrder("10.64.0.0/21", "10.64.8.0/21");
  }

  @Test
  void aDeletedNamespaceIsEmptied() throws InterruptedException {
    deploy();
    KubeObject ns = cluster.get(Resources.NAMESPACES, "", "default");
    cluster.api.update(
        Resources.NAMESPACES,
        ns.withSpec(TestCluster.object("{finalizers: [\"kubernetes\"]}").json()),
        TestCluster.USER);
    cluster.api.delete(Resources.NAMESPACES, ObjectKey.cluster("default"), DeleteOptions.DEFAULT);
    cluster.await(
        "namespace gone",
        () -> cluster.api.find(Resources.NAMESPACES, ObjectKey.cluster("default")).isEmpty());
    assertThat(cluster.pods()).isEmpty();
    assertThat(
            cluster.api.all(Resources.DEPLOYMENTS).stream()
                .filter(d -> d.namespace().equals("default")))
        .isEmpty();
  }

  @Test
  void groupsAreMadeFromAProfileAndSpreadOverZones() throws InterruptedException {
    cluster.create(
        Resources.NGROUPS,
        """
        {metadata: {name: hello, namespace: default},
         spec: {replicas: 4, zones: ["a", "b"], profileRef: {name: hello}}}""");
    cluster.await(
        "missing profile is told",
        () ->
            cluster
                .get(Resources.NGROUPS, "default", "hello")
                .status()
                .toString()
                .contains("ProfileNotFound"));
    cluster.create(
        Resources.CONTAINER_GROUP_PROFILES,
        """
        {metadata: {name: hello, namespace: default},
         spec: {template: {metadata: {labels: {app: hello}},
           spec: {containers: [{name: c, image: one}]}}}}""");
    cluster.await(
        "four groups ready",
        () ->
            cluster
                    .get(Resources.NGROUPS, "default", "hello")
                    .status()
                    .integer("readyReplicas")
                    .orElse(0)
                == 4);
    List<String> onNodes =
        cluster.pods().stream().map(p -> p.spec().string("nodeName").orElse("")).sorted().toList();
    assertThat(onNodes).containsExactly("n1", "n1", "n2", "n2");
    assertThat(cluster.pods().stream().map(KubeObject::name))
        .containsExactlyInAnyOrder("hello-0", "hello-1", "hello-2", "hello-3");
    assertThat(cluster.pods().getFirst().label("containers.nacelle.dev/revision")).contains("1");
    cluster.await(
        "profile says its revision",
        () ->
            cluster
                    .get(Resources.CONTAINER_GROUP_PROFILES, "default", "hello")
                    .status()
                    .integer("revision")
                    .orElse(0)
                == 1);
    cluster.api.patch(
        Resources.NGROUPS,
        new ObjectKey("default", "hello"),
        Patch.merge(TestCluster.object("{spec: {replicas: 2}}").json()),
        TestCluster.USER);
    cluster.await("two groups", () -> cluster.pods().size() == 2);
    assertThat(
            cluster.pods().stream()
                .map(p -> p.spec().string("nodeName").orElse(""))
                .collect(Collectors.toSet()))
        .hasSize(2);
  }

  @Test
  void aPodThatFitsNowhereSaysWhy() throws InterruptedException {
    cluster.create(
        Resources.PODS,
        """
        {metadata: {name: big, namespace: default},
         spec: {containers: [{name: c, image: one, resources: {requests: {cpu: "99"}}}]}}""");
    cluster.await(
        "an event says why",
        () ->
            cluster.api.all(Resources.EVENTS).stream()
                .anyMatch(
                    e ->
                        e.json()
                            .string("message")
                            .orElse("")
                            .equals(
                                "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes"
                                    + " are available: 2 Preemption is not helpful for"
                                    + " scheduling.")));
    cluster.await(
        "the status says so",
        () ->
            cluster
                .get(Resources.PODS, "default", "big")
                .status()
                .toString()
                .contains("Unschedulable"));
  }
}
