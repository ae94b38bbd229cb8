package dev.nacelle.testkit.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.DuplexStream;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.UpgradeAnswer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The streams through the API, by every kubectl that this machine has, over SPDY and over
 * WebSockets: exec, attach, cp, port-forward, proxy.
 */
@Tag("e2e")
class StreamsTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("strm");

  private static final int LARGE = 50 << 20;
  private static final String OBJECTS =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: web, labels: {app: web}}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            ports: [{containerPort: 80}]
            command:
              - sh
              - -c
              - |
                mkdir -p /www/dir /www/cgi-bin
                echo '<a href="/dir">there</a>' > /www/index.html
                echo inside > /www/dir/index.html
                printf '#!/bin/sh\\necho "Content-Type: text/plain"; echo; echo "$REQUEST_METHOD $QUERY_STRING"; cat' > /www/cgi-bin/echo
                printf '#!/bin/sh\\nwhile read l; do [ "$l" = "$(printf "\\\\r")" ] && break; done\\nprintf "HTTP/1.1 101 Switching Protocols\\\\r\\\\nConnection: Upgrade\\\\r\\\\nUpgrade: echo/1\\\\r\\\\n\\\\r\\\\n"; exec cat' > /bin/upgrade
                chmod +x /www/cgi-bin/echo /bin/upgrade
                nc -ll -p 7 -e cat &
                nc -ll -p 9 -e /bin/upgrade &
                exec httpd -f -p 80 -h /www
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: talker}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            stdin: true
            command: ["sh", "-c", "while read l; do echo got $l; done; sleep 100000"]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec:
        selector: {app: web}
        ports: [{name: http, port: 8000, targetPort: 80}, {name: other, port: 81, targetPort: 81}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: nobody}
      spec:
        selector: {app: nobody}
        ports: [{port: 80}]
      """;

  private static Path large = Path.of("");
  private static String checksum = "";

  @BeforeAll
  static void run() throws IOException {
    PLATFORM.kubectl().apply(OBJECTS);
    PLATFORM.kubectl().await("condition=Ready", "pod/web", "pod/talker");
    large = PLATFORM.get().scratch().resolve("large");
    var random = new Random(1);
    byte[] part = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(large)) {
      for (int i = 0; i < LARGE / part.length; i++) {
        random.nextBytes(part);
        out.write(part);
      }
    }
    checksum = sum("cat '" + large + "'");
  }

  private static String sum(String command) {
    return shell(command + " | sha256sum").run().ok().substring(0, 64);
  }

  private static Command shell(String script) {
    return Command.of("sh", "-c", script);
  }

  /** Each kubectl, and whether it shall use WebSockets where it knows how. */
  static Stream<Client> clients() {
    return Kubectl.programs().stream()
        .flatMap(program -> Stream.of(new Client(program, true), new Client(program, false)));
  }

  record Client(Path program, boolean webSockets) {
    Kubectl kubectl() {
      String choice = Boolean.toString(webSockets);
      return PLATFORM
          .get()
          .kubectl(program)
          .env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", choice)
          .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", choice);
    }

    @Override
    public String toString() {
      return program.getFileName() + (webSockets ? " with" : " without") + " WebSockets";
    }
  }

  /** A pipeline in which a word of the script is a kubectl command. */
  private static Command piped(Command kubectl, String before, String after) {
    var command = shell(before + String.join(" ", kubectl.words()) + after);
    return new Command(command.words(), kubectl.environment(), "");
  }

  @ParameterizedTest
  @MethodSource("clients")
  void execGivesStreamsAndExitCode(Client client) {
    Command.Outcome outcome =
        client.kubectl().run("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 5");
    assertThat(outcome.exitCode()).as(outcome.all()).isEqualTo(5);
    assertThat(outcome.out()).isEqualTo("out\n");
    assertThat(outcome.err()).startsWith("err\n").contains("exit code 5");
    Command.Outcome missing = client.kubectl().run("exec", "web", "--", "no-such-program");
    assertThat(missing.exitCode()).isNotZero();
    assertThat(missing.err()).contains("no-such-program");
  }

  @ParameterizedTest
  @MethodSource("clients")
  void execCarriesLargeInputAndOutputWhole(Client client) {
    Command exec = client.kubectl().command("exec", "-i", "web", "--", "cat");
    Command.Outcome outcome = piped(exec, "", " < '" + large + "' | sha256sum").run();
    assertThat(outcome.out()).as(outcome.err()).startsWith(checksum);
  }

  @ParameterizedTest
  @MethodSource("clients")
  void execWithATerminalHasItsSize(Client client) {
    Assumptions.assumeTrue(Command.find("script").isPresent(), "no script(1) on this machine");
    Command exec =
        client
            .kubectl()
            .command(
                "exec",
                "-it",
                "web",
                "--",
                "sh",
                "-c",
                // without a size stty says nothing
                "'until s=$(stty size 2>/dev/null); [ -n \"$s\" ]; do usleep 20000; done;"
                    + " echo $s; exit 7'");
    String line = "stty rows 33 cols 111; " + String.join(" ", exec.words());
    Command.Outcome outcome =
        new Command(List.of("script", "-qec", line, "/dev/null"), exec.environment(), "").run();
    assertThat(outcome.out()).contains("33 111");
    assertThat(outcome.exitCode()).as(outcome.all()).isEqualTo(7);
  }

  @ParameterizedTest
  @MethodSource("clients")
  void attachTalksToTheContainersProcess(Client client) {
    String word = "word-" + client.toString().replaceAll("\\W", "-");
    try (BackgroundCommand attach =
        client.kubectl().command("attach", "-i", "talker").reading(word + "\n").background()) {
      attach.awaitLine("got " + word);
    }
  }

  @ParameterizedTest
  @MethodSource("clients")
  void filesAreCopiedBothWays(Client client) throws IOException {
    Path back = PLATFORM.get().scratch().resolve("back");
    Files.deleteIfExists(back);
    client.kubectl().ok("cp", large.toString(), "web:/tmp/copied");
    client.kubectl().ok("cp", "web:/tmp/copied", back.toString());
    assertThat(sum("cat '" + back + "'")).isEqualTo(checksum);
  }

  private static int port(BackgroundCommand forward, int remote) {
    String line = "-> " + remote;
    forward.awaitLine(line);
    Matcher found =
        Pattern.compile("127\\.0\\.0\\.1:(\\d+) -> " + remote)
            .matcher(String.join("\n", forward.lines()));
    assertThat(found.find()).as("%s", forward.lines()).isTrue();
    return Integer.parseInt(found.group(1));
  }

  @ParameterizedTest
  @MethodSource("clients")
  void portForwardCarriesManyAndLargeConnections(Client client) {
    try (BackgroundCommand forward =
        client.kubectl().command("port-forward", "pod/web", ":80", ":7").background()) {
      String url = "http://127.0.0.1:" + port(forward, 80) + "/dir/";
      for (int i = 0; i < 10; i++) {
        assertThat(Command.of("busybox", "wget", "-q", "-O", "-", url).run().ok())
            .isEqualTo("inside\n");
      }
      assertThat(sum("busybox nc 127.0.0.1 " + port(forward, 7) + " < '" + large + "'"))
          .isEqualTo(checksum);
    }
  }

  @ParameterizedTest
  @MethodSource("clients")
  void portForwardFindsThePodOfAService(Client client) {
    try (BackgroundCommand forward =
        client.kubectl().command("port-forward", "service/web", ":http").background()) {
      String url = "http://127.0.0.1:" + port(forward, 80) + "/dir/";
      assertThat(Command.of("busybox", "wget", "-q", "-O", "-", url).run().ok())
          .isEqualTo("inside\n");
    }
  }

  @ParameterizedTest
  @MethodSource("clients")
  void portForwardSaysThatNobodyListens(Client client) {
    try (BackgroundCommand forward =
        client.kubectl().command("port-forward", "pod/web", ":82").background()) {
      Command.of("busybox", "nc", "127.0.0.1", Integer.toString(port(forward, 82))).run();
      forward.awaitLine("error forwarding port 82 to pod ");
      assertThat(String.join("\n", forward.lines())).contains("connect: connection refused");
    }
  }

  @ParameterizedTest
  @MethodSource("clients")
  void rawRequestsReachPodsServicesAndNodes(Client client) {
    Kubectl kubectl = client.kubectl();
    String namespace = "/api/v1/namespaces/default";
    for (String name :
        List.of("pods/web", "pods/web:80", "services/web:http", "services/http:web:8000")) {
      assertThat(kubectl.ok("get", "--raw", namespace + "/" + name + "/proxy/dir/"))
          .as(name)
          .isEqualTo("inside\n");
    }
    String node = kubectl.path("{.spec.nodeName}", "pod", "web");
    assertThat(kubectl.ok("get", "--raw", "/api/v1/nodes/" + node + "/proxy/healthz"))
        .isEqualTo("ok");
    assertThat(kubectl.ok("get", "--raw", "/api/v1/nodes/" + node + "/proxy/stats/summary"))
        .contains("\"nodeName\":\"" + node + "\"");
    assertThat(kubectl.run("get", "--raw", namespace + "/services/nobody/proxy/").err())
        .contains("no endpoints available for service \"nobody\"");
    assertThat(kubectl.run("get", "--raw", namespace + "/services/web:other/proxy/").err())
        .containsPattern(
            "error trying to reach service: dial tcp [0-9.]+:81: connect: connection refused");
  }

  @Test
  void pagesRedirectsBodiesAndUpgradesPassThroughKubectlProxy() throws Exception {
    try (BackgroundCommand proxy = PLATFORM.kubectl().command("proxy", "--port=0").background();
        HttpClient client = HttpClient.builder().readTimeout(Duration.ofSeconds(60)).build()) {
      proxy.awaitLine("Starting to serve on 127.0.0.1:");
      String host = String.join("", proxy.lines()).replaceAll(".*(127\\.0\\.0\\.1:\\d+).*", "$1");
      String prefix = "/api/v1/namespaces/default/services/web:http/proxy";
      String base = "http://" + host + prefix;
      assertThat(text(client, HttpRequest.get(URI.create(base + "/"))))
          .isEqualTo("<a href=\"" + prefix + "/dir\">there</a>\n");
      try (HttpResponse response = client.send(HttpRequest.get(URI.create(base + "/dir")))) {
        assertThat(response.status()).isEqualTo(302);
        assertThat(response.headers().first("location")).contains(prefix + "/dir/");
      }
      Bytes body = Bytes.wrap("x".repeat(300_000).getBytes(UTF_8));
      HttpRequest post =
          HttpRequest.of("POST", URI.create(base + "/cgi-bin/echo?a=b%20c")).with(body);
      assertThat(text(client, post)).isEqualTo("POST a=b%20c\n" + body.toUtf8());
      upgrade(client, "http://" + host + "/api/v1/namespaces/default/pods/web:9/proxy/");
    }
  }

  private static String text(HttpClient client, HttpRequest request) throws Exception {
    try (HttpResponse response = client.send(request)) {
      return response.bytes(1 << 20).toUtf8();
    }
  }

  private static void upgrade(HttpClient client, String url) throws Exception {
    HttpRequest ask =
        HttpRequest.get(URI.create(url)).with("connection", "Upgrade").with("upgrade", "echo/1");
    switch (client.askUpgrade(ask)) {
      case UpgradeAnswer.Switched switched -> {
        try (DuplexStream stream = switched.stream()) {
          stream.output().write("hello".getBytes(UTF_8));
          stream.output().flush();
          assertThat(stream.input().readNBytes(5)).asString(UTF_8).isEqualTo("hello");
        }
      }
      case UpgradeAnswer.Refused refused ->
          throw new AssertionError(refused.response().bytes(1 << 20).toUtf8());
    }
  }
}
