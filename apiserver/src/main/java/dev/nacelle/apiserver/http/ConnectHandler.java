package dev.nacelle.apiserver.http;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.apiserver.pipeline.RequestPipeline;
import dev.nacelle.apiserver.pipeline.Target;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.UnreachableException;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Logs, exec, attach and port-forward: authorizes, finds the node, hands the exchange on. */
final class ConnectHandler {
  /** Parameters that the node understands under other names. */
  private static final Map<String, String> NODE_NAMES =
      Map.of("stdin", "input", "stdout", "output", "stderr", "error");

  private static final String DIALING = "error dialing backend: ";

  private final RequestPipeline pipeline;
  private final NodeGateway gateway;

  ConnectHandler(RequestPipeline pipeline, NodeGateway gateway) {
    this.pipeline = pipeline;
    this.gateway = gateway;
  }

  void handle(HttpExchange exchange, Call call, Target target) throws Exception {
    String verb =
        switch (exchange.method()) {
          case "GET" -> "get";
          case "POST" -> "create";
          default ->
              throw ApiException.methodNotAllowed(
                  "the server does not allow this method on the requested resource");
        };
    boolean isLog = target.subresource().equals("log");
    if (isLog && !verb.equals("get")) {
      throw ApiException.methodNotAllowed(
          "the server does not allow this method on the requested resource");
    }
    KubeObject pod =
        isLog
            ? pipeline.readThrough(
                call.context(), target, () -> LogQuery.check(exchange.query(), target.name()))
            : pipeline.connect(call.context(), target, verb);
    String node = pod.spec().string("nodeName").orElse("");
    String container =
        target.subresource().equals("portforward")
            ? ""
            : container(pod, exchange.query().first("container").orElse(""));
    if (node.isEmpty()) {
      if (isLog) {
        Replies.send(exchange, call, 200, "text/plain", Bytes.EMPTY);
        return;
      }
      throw ApiException.badRequest("pod " + pod.name() + " does not have a host assigned");
    }
    if (!isLog && !exchange.headers().hasToken("connection", "upgrade")) {
      throw ApiException.badRequest("Upgrade request required");
    }
    var request =
        new NodeGateway.NodeRequest(
            node,
            nodePath(target.subresource(), pod, container),
            nodeQuery(exchange.query(), isLog));
    try {
      gateway.forward(exchange, request);
    } catch (UnreachableException e) {
      throw BackendFailures.internal(
          isLog ? get(e.address(), request) + e.dialError() : DIALING + e.dialError());
    } catch (IOException e) {
      throw BackendFailures.of(exchange, e, why -> BackendFailures.internal(DIALING + why));
    }
  }

  private static String get(String address, NodeGateway.NodeRequest request) {
    String query = request.query().isEmpty() ? "" : "?" + request.query();
    return "Get \"https://" + address + request.path() + query + "\": ";
  }

  private static String nodePath(String subresource, KubeObject pod, String container) {
    String of = pod.namespace() + "/" + pod.name();
    return switch (subresource) {
      case "log" -> "/containerLogs/" + of + "/" + container;
      case "exec" -> "/exec/" + of + "/" + container;
      case "attach" -> "/attach/" + of + "/" + container;
      case "portforward" -> "/portForward/" + of;
      default -> throw ApiException.notFound();
    };
  }

  private static String nodeQuery(QueryParameters query, boolean isLog) {
    var parts = new ArrayList<String>();
    for (var entry : query.entries()) {
      if (entry.name().equals("container")) {
        continue;
      }
      String name = isLog ? entry.name() : NODE_NAMES.getOrDefault(entry.name(), entry.name());
      String value =
          !isLog && NODE_NAMES.containsKey(entry.name())
              ? (query.flag(entry.name()) ? "1" : "0")
              : entry.value();
      parts.add(encoded(name) + "=" + encoded(value));
    }
    return String.join("&", parts);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String container(KubeObject pod, String asked) {
    List<String> names = names(pod, "containers");
    List<String> all =
        Stream.of("initContainers", "containers", "ephemeralContainers")
            .flatMap(list -> names(pod, list).stream())
            .toList();
    if (asked.isEmpty()) {
      if (names.size() == 1) {
        return names.getFirst();
      }
      throw ApiException.badRequest(
          "a container name must be specified for pod "
              + pod.name()
              + ", choose one of: ["
              + String.join(" ", names)
              + "]");
    }
    if (!all.contains(asked)) {
      throw ApiException.badRequest("container " + asked + " is not valid for pod " + pod.name());
    }
    return asked;
  }

  private static List<String> names(KubeObject pod, String list) {
    return pod.spec()
        .array(list)
        .objects()
        .map((JsonObject c) -> c.string("name").orElse(""))
        .toList();
  }
}
