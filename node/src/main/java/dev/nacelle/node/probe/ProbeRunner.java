package dev.nacelle.node.probe;

import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ExecResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Makes single tries of probes and hooks: exec, httpGet, tcpSocket. Safe for any thread. */
public final class ProbeRunner {
  private static final int MAX_OUTPUT = 10 << 10;
  private static final String AGENT = "kube-probe/1.36";

  private final ContainerRuntime runtime;
  private final String containerId;
  private final Supplier<String> podAddress;
  private final JsonObject container;

  /**
   * @param podAddress where httpGet and tcpSocket go unless they name a host
   * @param container whose named ports may be used
   */
  public ProbeRunner(
      ContainerRuntime runtime,
      String containerId,
      Supplier<String> podAddress,
      JsonObject container) {
    this.runtime = runtime;
    this.containerId = containerId;
    this.podAddress = podAddress;
    this.container = container;
  }

  /**
   * Makes one try.
   *
   * @return what went wrong, in the kubelet's words; empty for a success
   */
  public Optional<String> run(JsonObject probe, Duration timeout) throws InterruptedException {
    if (probe.has("exec")) {
      return exec(probe.object("exec").array("command").strings().toList(), timeout);
    }
    if (probe.has("httpGet")) {
      return http(probe.object("httpGet"), timeout);
    }
    if (probe.has("tcpSocket")) {
      return tcp(probe.object("tcpSocket"), timeout);
    }
    return Optional.of("missing probe handler: this node probes by exec, httpGet and tcpSocket");
  }

  private Optional<String> exec(List<String> command, Duration timeout) {
    try {
      ExecResult result = runtime.execSync(containerId, command, timeout, MAX_OUTPUT);
      if (result.outcome() == ExecResult.Outcome.TIMED_OUT) {
        return Optional.of(
            "command timed out: \""
                + String.join(" ", command)
                + "\" timed out after "
                + timeout.toSeconds()
                + "s");
      }
      return result.exitCode() == 0
          ? Optional.empty()
          : Optional.of(result.stdout().toUtf8() + result.stderr().toUtf8());
    } catch (ContainerRuntimeException e) {
      return Optional.of(e.getMessage());
    }
  }

  private Optional<String> tcp(JsonObject target, Duration timeout) {
    OptionalInt port = port(target);
    if (port.isEmpty()) {
      return Optional.of("couldn't find port: " + target.get("port").orElse(Json.of("")));
    }
    var address = new InetSocketAddress(host(target), port.getAsInt());
    try (var socket = new Socket()) {
      socket.connect(address, (int) timeout.toMillis());
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("dial tcp " + host(target) + ":" + port.getAsInt() + ": " + reason(e));
    }
  }

  private Optional<String> http(JsonObject target, Duration timeout) throws InterruptedException {
    OptionalInt port = port(target);
    if (port.isEmpty()) {
      return Optional.of("couldn't find port: " + target.get("port").orElse(Json.of("")));
    }
    String scheme = target.string("scheme").orElse("HTTP").toLowerCase(Locale.ROOT);
    String path = target.string("path").filter(p -> !p.isEmpty()).orElse("/");
    URI uri;
    try {
      uri =
          new URI(
              scheme
                  + "://"
                  + host(target)
                  + ":"
                  + port.getAsInt()
                  + (path.startsWith("/") ? path : "/" + path));
    } catch (URISyntaxException e) {
      return Optional.of("invalid path: " + path);
    }
    var headers = Headers.builder().set("user-agent", AGENT).set("accept", "*/*");
    target
        .array("httpHeaders")
        .objects()
        .forEach(h -> headers.set(h.string("name").orElse("x"), h.string("value").orElse("")));
    headers.set("connection", "close");
    try (var client =
            HttpClient.builder()
                .trustAnyServer()
                .connectTimeout(timeout)
                .readTimeout(timeout)
                .redirects(10)
                .build();
        HttpResponse response = client.send(HttpRequest.get(uri).with(headers.build()))) {
      int status = response.status();
      return status >= 200 && status < 400
          ? Optional.empty()
          : Optional.of("HTTP probe failed with statuscode: " + status);
    } catch (IOException e) {
      return Optional.of("Get \"" + uri + "\": " + reason(e));
    }
  }

  private String host(JsonObject target) {
    return target.string("host").filter(h -> !h.isEmpty()).orElseGet(podAddress);
  }

  private OptionalInt port(JsonObject target) {
    return switch (target.get("port").orElse(Json.nullValue())) {
      case JsonNumber number -> OptionalInt.of((int) number.longValue());
      case JsonString name -> named(name.value());
      case Json other -> OptionalInt.empty();
    };
  }

  private OptionalInt named(String name) {
    if (name.matches("\\d{1,5}")) {
      return OptionalInt.of(Integer.parseInt(name));
    }
    return container
        .array("ports")
        .objects()
        .filter(p -> p.string("name").filter(name::equals).isPresent())
        .mapToInt(p -> (int) p.integer("containerPort").orElse(0))
        .findFirst();
  }

  private static String reason(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("failed");
  }
}
