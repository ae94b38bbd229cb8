package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The platform's own registry with Debian's clients: who may push and pull, pods that run what was
 * pushed, a cache of Debian's registry, and the death of the platform between two pushes.
 */
@Tag("e2e")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BuiltInRegistryTest {
  private static final String POLICY = "--insecure-policy";
  private static Optional<PlatformUnderTest> running = Optional.empty();
  private static Optional<BackgroundCommand> origin = Optional.empty();
  private static int originPort;

  private static PlatformUnderTest platform() {
    return running.orElseThrow();
  }

  @BeforeAll
  static void start() throws IOException {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    assumeTrue(Command.find("skopeo").isPresent(), "no skopeo on this machine");
    PlatformUnderTest platform = PlatformUnderTest.create("regi");
    running = Optional.of(platform);
    startOrigin();
    up();
    OciImage.ofBusybox(platform.scratch());
    Kubectl kubectl = platform.kubectl();
    for (String team : new String[] {"team-a", "team-b", "hub"}) {
      kubectl.ok("create", "namespace", team);
      kubectl.in(team).ok("create", "serviceaccount", "pusher");
    }
    kubectl
        .in("team-a")
        .ok(
            "create",
            "rolebinding",
            "pushers",
            "--clusterrole=nacelle:registry-pusher",
            "--serviceaccount=team-a:pusher",
            "--user=ann");
    kubectl
        .in("hub")
        .ok("create", "rolebinding", "all", "--clusterrole=edit", "--serviceaccount=hub:pusher");
    writeCertificates(kubectl);
  }

  private static void up() {
    platform().up("--registry-proxy", "hub=http://127.0.0.1:" + originPort);
  }

  /** Debian's registry on loopback, where it is installed. */
  private static void startOrigin() throws IOException {
    try (var probe = new ServerSocket(0)) {
      originPort = probe.getLocalPort();
    }
    if (Command.find("docker-registry").isEmpty()) {
      return;
    }
    Path config =
        Files.writeString(
            platform().scratch().resolve("origin.yml"),
            """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: "127.0.0.1:%d"}
            """
                .formatted(platform().scratch().resolve("origin"), originPort));
    origin = Optional.of(Command.of("docker-registry", "serve", config.toString()).background());
  }

  /** {@code ca} has the cluster's authority alone, {@code ann} her certificate beside it. */
  private static void writeCertificates(Kubectl kubectl) throws IOException {
    Path scratch = platform().scratch();
    Path ca = Files.createDirectories(scratch.resolve("certs-ca"));
    Path ann = Files.createDirectories(scratch.resolve("certs-ann"));
    Path config =
        Files.writeString(
            scratch.resolve("ann.kubeconfig"),
            platform().verb("kubeconfig", "--user", "ann").run().ok());
    Kubectl hers = kubectl.with(config);
    String authority = hers.ok(view("{.clusters[0].cluster.certificate-authority-data}"));
    write(ca.resolve("ca.crt"), authority);
    write(ann.resolve("ca.crt"), authority);
    write(ann.resolve("client.cert"), hers.ok(view("{.users[0].user.client-certificate-data}")));
    write(ann.resolve("client.key"), hers.ok(view("{.users[0].user.client-key-data}")));
  }

  private static String[] view(String path) {
    return new String[] {"config", "view", "--raw", "-o", "jsonpath=" + path};
  }

  private static void write(Path file, String base64) throws IOException {
    Files.write(file, Base64.getDecoder().decode(base64));
  }

  @AfterAll
  static void end() {
    origin.ifPresent(BackgroundCommand::close);
    running.ifPresent(PlatformUnderTest::close);
  }

  private static String host() {
    String url = platform().status().string("registry", "url").orElseThrow();
    return URI.create(url).getAuthority();
  }

  private static String certs(String whose) {
    return platform().scratch().resolve("certs-" + whose).toString();
  }

  private static String token(String namespace) {
    return "any:" + platform().kubectl().in(namespace).ok("create", "token", "pusher").strip();
  }

  private static Command push(String repository, String... flags) {
    return Command.of("skopeo", POLICY, "copy", "-q")
        .with(flags)
        .with(
            "oci:" + platform().scratch().resolve("image") + ":it",
            "docker://" + host() + "/" + repository);
  }

  private static Command pushByToken(String repository, String namespace) {
    return push(repository, "--dest-cert-dir", certs("ca"), "--dest-creds", token(namespace));
  }

  private static Command pushByCertificate(String repository) {
    return push(repository, "--dest-no-creds", "--dest-cert-dir", certs("ann"));
  }

  private static String tags(String repository) {
    return Command.of("skopeo", "list-tags", "--no-creds", "--cert-dir", certs("ann"))
        .with("docker://" + host() + "/" + repository)
        .run()
        .ok();
  }

  private static void runsPod(String name, String image) {
    Kubectl kubectl = platform().kubectl().in("team-a");
    kubectl.awaitPath("{.metadata.name}", "default"::equals, "serviceaccount", "default");
    kubectl.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s}
        spec:
          restartPolicy: Never
          containers:
            - {name: main, image: "%s", command: [echo, "hello from %s"]}
        """
            .formatted(name, image, name));
    kubectl.awaitPath("{.status.phase}", "Succeeded"::equals, "pod", name);
    assertThat(kubectl.ok("logs", name)).isEqualTo("hello from " + name + "\n");
  }

  @Test
  @Order(1)
  void skopeoPushesWithTheTokenOfAServiceAccount() {
    pushByToken("team-a/app:token", "team-a").run().ok();
    assertThat(tags("team-a/app")).contains("\"token\"");
  }

  @Test
  @Order(2)
  void skopeoPushesWithAClientCertificate() {
    pushByCertificate("team-a/app:certificate").run().ok();
    assertThat(tags("team-a/app")).contains("\"certificate\"");
  }

  @Test
  @Order(3)
  void whoHasNoRightIsRefused() {
    Command.Outcome other = pushByToken("team-a/app:other", "team-b").run();
    assertThat(other.exitCode()).as(other.all()).isNotZero();
    assertThat(other.all()).containsAnyOf("may not", "denied", "403");
    Command.Outcome elsewhere = pushByCertificate("team-b/app:other").run();
    assertThat(elsewhere.exitCode()).as(elsewhere.all()).isNotZero();
    Command.Outcome clusterWide = pushByCertificate("app:other").run();
    assertThat(clusterWide.exitCode()).as(clusterWide.all()).isNotZero();
  }

  @Test
  @Order(4)
  void whoShowsNothingOrSomethingWrongIsUnauthorized() {
    for (String creds : new String[] {"--dest-no-creds", "--dest-creds=ann:wrong"}) {
      Command.Outcome refused =
          push("team-a/app:other", creds, "--dest-cert-dir", certs("ca")).run();
      assertThat(refused.exitCode()).as(refused.all()).isNotZero();
      assertThat(refused.all()).containsAnyOf("401", "authentication required");
    }
  }

  @Test
  @Order(5)
  void podmanPushesWithTheTokenOfAServiceAccount() {
    assumeTrue(Command.find("podman").isPresent(), "no podman on this machine");
    Path own = platform().scratch().resolve("podman");
    Command podman =
        Command.of(
            "podman",
            "--storage-driver=vfs",
            "--root=" + own.resolve("storage"),
            "--runroot=" + own.resolve("run"),
            "--tmpdir=" + own.resolve("libpod"),
            "--cgroup-manager=cgroupfs",
            "--events-backend=none");
    assumeTrue(podman.with("images").run().exitCode() == 0, "podman cannot run on this machine");
    podman.with("pull", "-q", "oci:" + platform().scratch().resolve("image") + ":it").run().ok();
    String id = podman.with("images", "-q").run().ok().strip();
    String cert = "--cert-dir=" + certs("ca");
    String name = host() + "/team-a/app:podman";
    podman.with("push", "-q", cert, "--creds=" + token("team-a"), id, name).run().ok();
    podman.with("rmi", "-f", id).run().ok();
    String pulled =
        podman.with("pull", "-q", cert, "--creds=" + token("team-a"), name).run().ok().strip();
    assertThat(pulled).startsWith(id);
    assertThat(tags("team-a/app")).contains("\"podman\"");
  }

  @Test
  @Order(6)
  void aPodRunsWhatWasPushedWithoutASecret() {
    runsPod("by-loopback", host() + "/team-a/app:token");
    String address = platform().status().string("registry", "address").orElseThrow();
    runsPod("by-address", address + "/team-a/app:certificate");
  }

  @Test
  @Order(7)
  void theClusterIsToldWhereTheRegistryIs() {
    assertThat(
            platform()
                .kubectl()
                .in("kube-public")
                .path("{.data.localRegistryHosting\\.v1}", "configmap", "local-registry-hosting"))
        .contains("host: \"" + host() + "\"");
  }

  @Test
  @Order(8)
  void aPodRunsAnImageThroughTheCacheOfAnotherRegistry() {
    assumeTrue(origin.isPresent(), "no docker-registry on this machine");
    String there = "127.0.0.1:" + originPort + "/tools/app:v1";
    Eventually.holds(
        "the origin has the image",
        () ->
            Command.of("skopeo", POLICY, "copy", "-q", "--dest-tls-verify=false")
                    .with("oci:" + platform().scratch().resolve("image") + ":it")
                    .with("docker://" + there)
                    .run()
                    .exitCode()
                == 0);
    runsPod("by-cache", host() + "/hub/tools/app:v1");
    // the node had these blobs already: the cache has them once somebody asked for them
    Path back = platform().scratch().resolve("back-cached");
    Command copy =
        Command.of("skopeo", POLICY, "copy", "-q", "--src-creds", token("hub"))
            .with("--src-cert-dir", certs("ca"), "docker://" + host() + "/hub/tools/app:v1");
    copy.with("oci:" + back + ":one").run().ok();
    origin.orElseThrow().close();
    copy.with("oci:" + back + "-alone:two").run().ok();
    Command.Outcome refused = pushByToken("hub/tools/app:v2", "hub").run();
    assertThat(refused.exitCode()).as(refused.all()).isNotZero();
    assertThat(platform().kubectl().ok("get", "--raw", "/metrics"))
        .contains("nacelle_registry_cache_total", "nacelle_registry_stored_bytes");
  }

  @Test
  @Order(9)
  void killingThePlatformBetweenTwoPushesLosesNothing() {
    pushByCertificate("team-a/kept:one").run().ok();
    String before = host();
    platform().kill();
    up();
    assertThat(host()).isEqualTo(before);
    assertThat(tags("team-a/kept")).contains("\"one\"");
    pushByCertificate("team-a/kept:two").run().ok();
    for (String tag : new String[] {"one", "two"}) {
      Path back = platform().scratch().resolve("back-" + tag);
      Command.of("skopeo", POLICY, "copy", "-q", "--src-no-creds")
          .with("--src-cert-dir", certs("ann"), "docker://" + host() + "/team-a/kept:" + tag)
          .with("oci:" + back + ":it")
          .run()
          .ok();
      assertThat(Files.exists(back.resolve("index.json"))).isTrue();
    }
    runsPod("after-kill", host() + "/team-a/kept:two");
  }
}
