package dev.nacelle.node.probe;

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
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** Makes single tries of probes and hooks: exec, httpGet, tcpSocket. Safe for any thread. */
public final class ProbeRunner implements ProbeTry {
  static final String REFUSED = "connection refused";

  private static final int MAX_OUTPUT = 10 << 10;

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

  @Override
  public ProbeResult run(JsonObject probe, Duration timeout) throws InterruptedException {
    if (probe.has("exec")) {
      return exec(probe.object("exec").array("command").strings().toList(), timeout);
    }
    for (String network : List.of("httpGet", "tcpSocket")) {
      if (probe.has(network)) {
        return connect(network, probe.object(network), timeout);
      }
    }
    return new ProbeResult.Unknown(
        "missing probe handler: this node probes by exec, httpGet and tcpSocket"
            + (probe.has("grpc") ? ", not by grpc" : ""));
  }

  private ProbeResult exec(List<String> command, Duration timeout) {
    try {
      ExecResult result = runtime.execSync(containerId, command, timeout, MAX_OUTPUT);
      if (result.outcome() == ExecResult.Outcome.TIMED_OUT) {
        return new ProbeResult.Failed(
            "command timed out: \""
                + String.join(" ", command)
                + "\" timed out after "
                + timeout.toSeconds()
                + "s");
      }
      return result.exitCode() == 0
          ? ProbeResult.PASSED
          : new ProbeResult.Failed(result.stdout().toUtf8() + result.stderr().toUtf8());
    } catch (ContainerRuntimeException e) {
      // no such command is a failure of the container, a keeper that is being replaced is not
      return e.reason() == ContainerRuntimeException.Reason.START_FAILED
          ? new ProbeResult.Failed(String.valueOf(e.getMessage()))
          : new ProbeResult.Unknown(String.valueOf(e.getMessage()));
    }
  }

  private ProbeResult connect(String kind, JsonObject target, Duration timeout)
      throws InterruptedException {
    OptionalInt port = port(target);
    if (port.isEmpty()) {
      return new ProbeResult.Unknown(
          "couldn't find port: " + target.get("port").map(ProbeRunner::text).orElse("none"));
    }
    String host = target.string("host").filter(h -> !h.isEmpty()).orElseGet(podAddress);
    if (host.isEmpty()) {
      return new ProbeResult.Unknown("the pod has no address yet");
    }
    return kind.equals("httpGet")
        ? new HttpProbe(target, host, port.getAsInt(), timeout).run()
        : tcp(host, port.getAsInt(), timeout);
  }

  private static ProbeResult tcp(String host, int port, Duration timeout) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      return ProbeResult.PASSED;
    } catch (SocketTimeoutException e) {
      return new ProbeResult.Failed("dial tcp " + host + ":" + port + ": i/o timeout");
    } catch (IOException e) {
      return notReached("dial tcp " + host + ":" + port + ": connect: ", e);
    }
  }

  private static String text(Json port) {
    return port instanceof JsonString name ? name.value() : port.toString();
  }

  private OptionalInt port(JsonObject target) {
    return switch (target.get("port").orElse(Json.nullValue())) {
      case JsonNumber number -> valid(number.longValue());
      case JsonString name -> named(name.value());
      case Json other -> OptionalInt.empty();
    };
  }

  private OptionalInt named(String name) {
    Optional<JsonObject> port =
        container
            .array("ports")
            .objects()
            .filter(p -> p.string("name").filter(name::equals).isPresent())
            .findFirst();
    if (port.isPresent()) {
      return valid(port.get().integer("containerPort").orElse(0));
    }
    return name.matches("\\d{1,5}") ? valid(Long.parseLong(name)) : OptionalInt.empty();
  }

  private static OptionalInt valid(long port) {
    return port > 0 && port < 65_536 ? OptionalInt.of((int) port) : OptionalInt.empty();
  }

  /** What is said of a server that could not be spoken to. */
  static ProbeResult notReached(String before, IOException e) {
    String why = reason(e);
    return why.equals(REFUSED)
        ? new ProbeResult.Refused(before + why)
        : new ProbeResult.Failed(before + why);
  }

  /** The first line of what went wrong, spelled as the kubelet's log does. */
  static String reason(IOException e) {
    String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("failed");
    return text.contains("Connection refused") ? REFUSED : text;
  }
}
