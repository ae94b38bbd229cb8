package dev.nacelle.node.endpoint;

import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Answers requests about the pods of one node: {@code /containerLogs/NS/POD/CONTAINER}, {@code
 * /exec/...}, {@code /attach/...}, {@code /stats/summary}, {@code /pods}, {@code /healthz}. The
 * caller has authenticated and authorized the request. Safe for any thread.
 */
public final class NodeEndpoint {
  private final NodeAgent agent;
  private final RemoteCommand commands;
  private final StatsSummary stats;

  public NodeEndpoint(NodeAgent agent) {
    this.agent = agent;
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
      case "containerLogs" -> logs(exchange, steps, query);
      case "exec" -> {
        ContainerStatus container = running(steps);
        commands.exec(exchange, container.id(), query);
      }
      case "attach" -> {
        ContainerStatus container = running(steps);
        boolean tty = isTerminal(steps);
        commands.attach(exchange, container.id(), tty, query);
      }
      case "stats" -> json(exchange, JsonWriter.write(stats.summary()));
      case "pods" -> json(exchange, JsonWriter.write(stats.pods()));
      case "healthz" ->
          exchange.respond(200, Headers.contentType("text/plain; charset=utf-8"), Bytes.utf8("ok"));
      default -> throw ApiException.notFound();
    }
  }

  private void logs(HttpExchange exchange, List<String> steps, QueryParameters query)
      throws Exception {
    PodView pod = pod(steps);
    String name = steps.get(3);
    if (pod.container(name).isEmpty()) {
      throw ApiException.badRequest(
          "container " + name + " is not valid for pod " + pod.object().name());
    }
    boolean previous = query.flag("previous");
    List<ContainerStatus> attempts = attempts(pod, name);
    Optional<ContainerStatus> wanted = attempts.stream().skip(previous ? 1 : 0).findFirst();
    if (wanted.isEmpty()) {
      if (previous) {
        throw ApiException.badRequest(
            "previous terminated container \""
                + name
                + "\" in pod \""
                + pod.object().name()
                + "\" not found");
      }
      throw ApiException.badRequest(
          "container \""
              + name
              + "\" in pod \""
              + pod.object().name()
              + "\" is waiting to start: "
              + waitingReason(pod, name));
    }
    LogOptions options = LogOptions.of(query, agent.services().clock().instant());
    String id = wanted.get().id();
    new LogStream(
            wanted.get().logPath(),
            options,
            () ->
                agent
                    .services()
                    .runtime()
                    .container(id)
                    .filter(c -> c.exit().isEmpty())
                    .isPresent())
        .send(exchange);
  }

  private static String waitingReason(PodView pod, String container) {
    return pod.object()
        .status()
        .array("containerStatuses")
        .objects()
        .filter(c -> c.string("name").filter(container::equals).isPresent())
        .findFirst()
        .flatMap(c -> c.string("state", "waiting", "reason"))
        .orElse("ContainerCreating");
  }

  private boolean isTerminal(List<String> steps) {
    return pod(steps).container(steps.get(3)).flatMap(c -> c.json().bool("tty")).orElse(false);
  }

  private ContainerStatus running(List<String> steps) {
    PodView pod = pod(steps);
    String name = steps.get(3);
    Optional<ContainerView> view = pod.container(name);
    if (view.isEmpty() && !isEphemeral(pod, name)) {
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

  private static boolean isEphemeral(PodView pod, String name) {
    return pod.spec()
        .array("ephemeralContainers")
        .objects()
        .anyMatch(c -> c.string("name").filter(name::equals).isPresent());
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
    if (steps.size() < 4) {
      throw ApiException.notFound();
    }
    return agent
        .pod(new ObjectKey(steps.get(1), steps.get(2)))
        .orElseThrow(
            () ->
                ApiException.internal("pod does not exist: " + steps.get(1) + "/" + steps.get(2)));
  }

  private static void json(HttpExchange exchange, Bytes body) {
    exchange.respond(200, Headers.contentType("application/json"), body);
  }
}
