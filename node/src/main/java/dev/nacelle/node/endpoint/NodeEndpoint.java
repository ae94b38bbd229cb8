package dev.nacelle.node.endpoint;

import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.pod.PodPaths;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.stream.PodPorts;
import dev.nacelle.node.stream.PortForward;
import dev.nacelle.node.stream.RemoteCommand;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.SandboxStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Answers requests about the pods of one node: {@code /containerLogs/NS/POD/CONTAINER}, {@code
 * /exec/...}, {@code /attach/...}, {@code /portForward/NS/POD}, {@code /stats/summary}, {@code
 * /metrics}, {@code /metrics/cadvisor}, {@code /metrics/resource}, {@code /pods}, {@code /healthz}.
 * The caller has authenticated and authorized the request. Safe for any thread.
 */
public final class NodeEndpoint {
  private final NodeAgent agent;
  private final RemoteCommand commands;
  private final PodPorts ports = new PodPorts();
  private final StatsSummary stats;
  private final UsageMetrics usage;
  private final Metrics metrics;

  /** An endpoint whose {@code /metrics} are those of the JVM alone. */
  public NodeEndpoint(NodeAgent agent) {
    this(agent, new Metrics());
  }

  /**
   * @param metrics shown under {@code /metrics}
   */
  public NodeEndpoint(NodeAgent agent, Metrics metrics) {
    this.agent = agent;
    this.metrics = metrics;
    this.usage = new UsageMetrics(agent);
    this.commands = new RemoteCommand(agent.services().runtime());
    this.stats = new StatsSummary(agent);
  }

  /**
   * Answers the exchange as if it had asked for {@code path} and {@code query}. Returns when it is
   * over.
   *
   * @throws ApiException if there is no such pod, container or path, or the request is wrong; then
   *     nothing was answered
   */
  public void handle(HttpExchange exchange, String path, QueryParameters query) throws Exception {
    List<String> steps = List.of(path.substring(1).split("/", -1));
    switch (steps.getFirst()) {
      case "exec" -> commands.exec(exchange, running(steps).id(), query);
      case "attach" -> commands.attach(exchange, running(steps).id(), query);
      case "portForward" -> portForward(exchange, steps, query);
      default -> read(exchange, steps, query);
    }
  }

  private void read(HttpExchange exchange, List<String> steps, QueryParameters query)
      throws Exception {
    if (!exchange.method().equals("GET") && !exchange.method().equals("HEAD")) {
      throw ApiException.methodNotAllowed("Method Not Allowed");
    }
    switch (steps.getFirst()) {
      case "containerLogs" -> logs(exchange, steps, query);
      case "stats" -> json(exchange, JsonWriter.write(stats.summary()));
      case "metrics" -> metrics(exchange, steps);
      case "pods" -> json(exchange, JsonWriter.write(stats.pods()));
      case "healthz" ->
          exchange.respond(200, Headers.contentType("text/plain; charset=utf-8"), Bytes.utf8("ok"));
      default -> throw ApiException.notFound();
    }
  }

  private void metrics(HttpExchange exchange, List<String> steps) {
    switch (steps.size() < 2 ? "" : steps.get(1)) {
      case "" -> {
        Metrics.Exposition own = metrics.expose(exchange.headers().first("accept").orElse(""));
        exchange.respond(200, Headers.contentType(own.contentType()), own.text());
      }
      case "cadvisor" -> text(exchange, usage.cadvisor());
      case "resource" -> text(exchange, usage.resource());
      default -> throw ApiException.notFound();
    }
  }

  private static void text(HttpExchange exchange, String text) {
    exchange.respond(
        200, Headers.contentType("text/plain; version=0.0.4; charset=utf-8"), Bytes.utf8(text));
  }

  private void logs(HttpExchange exchange, List<String> steps, QueryParameters query)
      throws Exception {
    PodView pod = pod(steps);
    String name = container(steps);
    if (pod.container(name).isEmpty()) {
      throw ApiException.badRequest(
          "container " + name + " is not valid for pod " + pod.object().name());
    }
    boolean previous = query.flag("previous");
    var paths = new PodPaths(agent.services().config(), pod);
    Optional<Integer> attempt =
        paths.loggedAttempts(name).stream().skip(previous ? 1 : 0).findFirst();
    if (attempt.isEmpty()) {
      if (previous) {
        throw ApiException.badRequest(
            "previous terminated container \""
                + name
                + "\" in pod \""
                + pod.object().name()
                + "\" not found");
      }
      exchange.respond(
          200,
          Headers.contentType("text/plain; charset=utf-8"),
          Bytes.utf8(AbsentLog.text(pod, name)));
      return;
    }
    LogOptions options = LogOptions.of(query, agent.services().clock().instant());
    String id = PodPaths.containerId(pod.uid(), name, attempt.get());
    new LogStream(paths.log(name, attempt.get()), options, () -> mayWrite(id))
        .send(exchange.respondStreaming(200, Headers.contentType("text/plain; charset=utf-8")));
  }

  private boolean mayWrite(String containerId) {
    return agent
        .services()
        .runtime()
        .container(containerId)
        .filter(c -> c.exit().isEmpty())
        .isPresent();
  }

  private void portForward(HttpExchange exchange, List<String> steps, QueryParameters query)
      throws Exception {
    PodView pod = pod(steps);
    SandboxStatus sandbox =
        agent.services().runtime().sandboxes().stream()
            .filter(s -> s.state() == SandboxStatus.State.READY)
            .filter(s -> pod.uid().equals(s.labels().get(ContainerStart.LABEL_POD_UID)))
            .max(Comparator.comparing(SandboxStatus::createdAt))
            .orElseThrow(
                () ->
                    ApiException.internal(
                        "pod not found (\""
                            + pod.object().name()
                            + "_"
                            + pod.object().namespace()
                            + "\")"));
    PortForward.serve(
        exchange, sandbox.id(), ports.of(sandbox.id(), sandbox.networkNamespace()), query);
  }

  private ContainerStatus running(List<String> steps) {
    PodView pod = pod(steps);
    String name = container(steps);
    if (pod.container(name).isEmpty()) {
      throw ApiException.badRequest(
          "container " + name + " is not valid for pod " + pod.object().name());
    }
    return attempts(pod, name).stream()
        .filter(c -> c.state() == ContainerStatus.State.RUNNING)
        .findFirst()
        .orElseThrow(
            () ->
                ApiException.internal(
                    "unable to upgrade connection: container not found (\"" + name + "\")"));
  }

  /** The attempts of a container, the newest first. */
  private List<ContainerStatus> attempts(PodView pod, String container) {
    return agent.services().runtime().containers().stream()
        .filter(
            c ->
                pod.uid().equals(c.labels().get(ContainerStart.LABEL_POD_UID))
                    && container.equals(c.labels().get(ContainerStart.LABEL_CONTAINER)))
        .sorted(Comparator.comparingInt(ContainerStatus::attempt).reversed())
        .toList();
  }

  private PodView pod(List<String> steps) {
    if (steps.size() < 3) {
      throw ApiException.notFound();
    }
    return agent
        .pod(new ObjectKey(steps.get(1), steps.get(2)))
        .orElseThrow(
            () ->
                ApiException.internal("pod does not exist: " + steps.get(1) + "/" + steps.get(2)));
  }

  private static String container(List<String> steps) {
    if (steps.size() < 4) {
      throw ApiException.notFound();
    }
    return steps.get(3);
  }

  private static void json(HttpExchange exchange, Bytes body) {
    exchange.respond(200, Headers.contentType("application/json"), body);
  }
}
