package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The launcher and its verbs, each test with an instance of its own. */
@Tag("e2e")
class LauncherTest {
  private static final String SLEEPER =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: sleeper}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - {name: main, image: "nacelle.test/busybox:1", command: ["sleep", "100000"]}
      """;

  private PlatformUnderTest platform;

  @BeforeEach
  void create() {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    platform = PlatformUnderTest.create("up");
  }

  @AfterEach
  void purge() {
    if (platform != null) {
      platform.close();
    }
  }

  @Test
  void upSaysWhereTheKubeconfigIsAndHowLongEachPartTook() {
    assertThat(platform.up())
        .contains("kubeconfig: " + platform.data().resolve("kubeconfig"))
        .containsPattern("nacelle is up after \\d+ ms \\(.*store \\d+ ms.*api \\d+ ms.*\\)");
    assertThat(platform.kubectl().ok("get", "--raw", "/readyz")).isEqualTo("ok");
    assertThat(platform.kubectl().ok("get", "nodes", "--no-headers"))
        .hasLineCount(1)
        .contains(" Ready ");
  }

  @Test
  void aSecondUpSaysThatItRunsAlreadyAndSucceeds() {
    platform.up();
    long pid = platform.process().pid();
    assertThat(platform.up()).contains("already running");
    assertThat(platform.process().pid()).isEqualTo(pid);
  }

  @Test
  void aTakenPortIsOneClearLine() throws IOException {
    try (var taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress(platform.port()));
      assertFailsInOneLine("port " + platform.port());
    }
  }

  @Test
  void aHeldLockIsOneClearLine() throws IOException {
    Files.createDirectories(platform.data());
    try (FileChannel channel =
            FileChannel.open(
                platform.data().resolve("lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertFailsInOneLine("lock is held");
    }
  }

  @Test
  void dataOfANewerVersionIsOneClearLine() throws IOException {
    Files.createDirectories(platform.data());
    Path version = platform.data().resolve("version");
    Files.writeString(version, "999\n");
    assertFailsInOneLine("newer version");
    Files.delete(version);
  }

  private void assertFailsInOneLine(String words) {
    Command.Outcome outcome = platform.upCommand().run();
    assertThat(outcome.exitCode()).as(outcome.all()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    // a launcher that is run for the first time says what it makes before it comes to the platform
    assertThat(outcome.err().lines().filter(l -> !l.startsWith("nacelle: training ")))
        .singleElement(as(STRING))
        .startsWith("nacelle: cannot ")
        .contains(words);
  }

  @Test
  void wrongUsageExitsWithTwo() {
    assertThat(platform.upCommand("--no-such-flag").run().exitCode()).isEqualTo(2);
    assertThat(PlatformUnderTest.launcher("no-such-verb").run().exitCode()).isEqualTo(2);
    assertThat(platform.upCommand("--parts=api,kitchen").run().exitCode()).isEqualTo(2);
    Command.Outcome port = PlatformUnderTest.launcher("up", "--port=99999").run();
    assertThat(port.exitCode()).isEqualTo(2);
    assertThat(port.err()).contains("nacelle: cannot use --port=99999: want 1 to 65535");
  }

  @Test
  void everyVerbHasHelp() {
    for (String verb :
        new String[] {
          "up",
          "down",
          "status",
          "demo",
          "kubeconfig",
          "doctor",
          "image",
          "bench",
          "test",
          "version"
        }) {
      assertThat(PlatformUnderTest.launcher(verb, "--help").run().ok())
          .as(verb)
          .containsIgnoringCase("usage:")
          .contains("nacelle " + verb);
    }
  }

  @Test
  void versionIsOneLine() {
    assertThat(PlatformUnderTest.launcher("version").run().ok()).matches("nacelle \\S+\\n");
  }

  @Test
  void downLeavesContainersRunningAndUpAdoptsThem() {
    platform.up();
    platform.importBusybox();
    platform.kubectl().apply(SLEEPER);
    platform.kubectl().await("condition=Ready", "pod/sleeper");
    String before = identity();
    assertThat(platform.down()).contains("containers go on running");
    assertThat(platform.companions("monitor")).hasSize(1);
    assertThat(platform.verb("status").run().exitCode()).isEqualTo(1);
    platform.up();
    assertThat(identity()).isEqualTo(before);
    assertThat(platform.kubectl().ok("exec", "sleeper", "--", "echo", "here")).isEqualTo("here\n");
  }

  private String identity() {
    return platform
        .kubectl()
        .path(
            "{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}"
                + " {.status.podIP} {.metadata.uid}",
            "pod",
            "sleeper");
  }

  @Test
  void downAllLeavesNothingInTheKernelAndKeepsTheData() {
    platform.up();
    platform.importBusybox();
    platform.kubectl().apply(SLEEPER);
    platform.kubectl().await("condition=Ready", "pod/sleeper");
    assertThat(platform.traces()).isNotEmpty();
    platform.down("--all");
    assertThat(platform.traces()).isEmpty();
    assertThat(platform.data()).isDirectory();
    platform.up();
    platform.kubectl().await("condition=Ready", "pod/sleeper");
  }

  @Test
  void twoInstancesSideBySideDoNotTouchEachOther() {
    platform.up();
    platform.importBusybox();
    platform.kubectl().apply(SLEEPER);
    platform.kubectl().await("condition=Ready", "pod/sleeper");
    String before = identity();
    try (var other = PlatformUnderTest.create("other")) {
      other.up();
      other.importBusybox();
      other.kubectl().apply(SLEEPER);
      other.kubectl().await("condition=Ready", "pod/sleeper");
      assertThat(other.status().string("ranges", "pods"))
          .isNotEqualTo(platform.status().string("ranges", "pods"));
      other.kill();
      other.up();
      other.down("--all");
      assertThat(identity()).isEqualTo(before);
      assertThat(platform.kubectl().ok("exec", "sleeper", "--", "echo", "here"))
          .isEqualTo("here\n");
    }
    assertThat(identity()).isEqualTo(before);
    assertThat(platform.kubectl().ok("get", "--raw", "/readyz")).isEqualTo("ok");
  }

  @Test
  void statusSaysWhatRunsAndWhere() {
    platform.up();
    JsonObject status = platform.status();
    assertThat(status.integer("pid")).hasValue(platform.process().pid());
    assertThat(status.string("api", "url")).hasValue("https://127.0.0.1:" + platform.port());
    assertThat(status.string("kubeconfig"))
        .hasValue(platform.data().resolve("kubeconfig").toString());
    assertThat(status.string("dns", "address").orElse("")).endsWith(".0.10:53");
    for (String part : new String[] {"store", "api", "controllers", "scheduler", "node", "dns"}) {
      assertThat(status.string("parts", part, "state")).as(part).isPresent();
    }
    assertThat(platform.verb("status").run().ok()).contains("api", "kubeconfig", "parts:");
  }

  @Test
  void doctorNamesWhatTheHostOffers() {
    String down = platform.verb("doctor").run().all();
    assertThat(down).contains("BEST").containsPattern("(?m)^\\S+ +\\S+");
    platform.up();
    assertThat(platform.verb("doctor").run().all()).contains("BEST");
  }

  @Test
  void imagesAreImportedListedAndRemovedWhetherThePlatformRunsOrNot() throws IOException {
    Path tree = BusyboxTree.write(platform.scratch().resolve("tree"));
    platform.verb("image", "import", tree.toString(), "--name", "a.test/one:1").run().ok();
    assertThat(platform.verb("image", "list").run().ok()).contains("a.test/one");
    platform.up();
    platform.verb("image", "import", tree.toString(), "--name", "a.test/two:1").run().ok();
    assertThat(platform.verb("image", "list").run().ok()).contains("a.test/one", "a.test/two");
    platform.verb("image", "remove", "a.test/one:1").run().ok();
    assertThat(platform.verb("image", "list").run().ok()).doesNotContain("a.test/one");
    Command.Outcome none =
        platform.verb("image", "import", "/nonexistent", "--name", "a.test/x:1").run();
    assertThat(none.exitCode()).isEqualTo(1);
    assertThat(none.err().strip()).hasLineCount(1).startsWith("nacelle: cannot ");
  }

  @Test
  void aPersonsKubeconfigIsGivenAndRbacDecides() throws IOException {
    platform.up();
    Path file = platform.scratch().resolve("ada");
    Files.writeString(file, platform.verb("kubeconfig", "--user", "ada").run().ok());
    Command asAda =
        Command.of(
            Command.find("kubectl").orElseThrow().toString(), "--kubeconfig", file.toString());
    assertThat(
            asAda.with("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").run().ok())
        .isEqualTo("ada");
    assertThat(asAda.with("get", "pods").run().err())
        .contains("User \"ada\" cannot list resource \"pods\"");
    platform.kubectl().ok("create", "rolebinding", "ada", "--clusterrole=view", "--user=ada");
    Eventually.sees(
        "the binding counts",
        () -> asAda.with("get", "pods").run().all(),
        said -> said.contains("No resources found"));
  }

  @Test
  void theDemoAnswersThroughItsServiceAndTheTourGoesOnFromThere() {
    String said = demo();
    assertThat(said)
        .containsPattern("(?m)^NAME +DESIRED +READY +UPDATED +PROFILE +AGE\nhello +3 +3 +3 +hello ")
        .containsPattern("(?m)^  API accepted +0\\.0 ms")
        .contains("  scheduled ", "  sandbox ", "  network ", "  image mounted ")
        .contains("  container started ", "  first output ", "  ready ", "try next:");
    for (String group : List.of("hello-0", "hello-1", "hello-2")) {
      assertThat(said)
          .containsPattern("(?m)^" + group + " +1/1 +Running +0 ")
          .containsPattern("(?m)^  hello from " + group + " at 10\\.");
    }
    assertThat(demo()).contains("already running").contains("hello from hello-2 at 10.");

    Kubectl kubectl = platform.kubectl();
    Path web = PlatformUnderTest.root().resolve("examples/web");
    kubectl.ok("apply", "-f", web.toString());
    assertThat(kubectl.ok("rollout", "status", "deployment/web", "--timeout=90s"))
        .contains("successfully rolled out");
    assertThat(kubectl.ok("apply", "-f", web.toString()).lines())
        .hasSize(4)
        .allMatch(line -> line.endsWith(" unchanged"));
    assertThat(kubectl.ok("exec", "hello-0", "--", "wget", "-qO-", "http://web/"))
        .isEqualTo("hello from a ConfigMap\n");
    String port = kubectl.path("{.spec.ports[0].nodePort}", "service", "web");
    assertThat(Command.of("busybox", "wget", "-qO-", "http://127.0.0.1:" + port + "/").run().ok())
        .isEqualTo("hello from a ConfigMap\n");
    Path crd = PlatformUnderTest.root().resolve("examples/crd");
    kubectl.ok("apply", "-f", crd.resolve("1-definition.yaml").toString());
    kubectl.await("condition=Established", "crd/crontabs.example.com");
    kubectl.ok("apply", "-f", crd.resolve("2-object.yaml").toString());
    assertThat(kubectl.ok("get", "crontabs")).containsPattern("nightly +5 4 \\* \\* \\* +1 ");
  }

  private String demo() {
    return platform
        .verb("demo")
        .with("--port", Integer.toString(platform.port()), "--name", platform.name())
        .run(Duration.ofMinutes(15))
        .ok();
  }
}
