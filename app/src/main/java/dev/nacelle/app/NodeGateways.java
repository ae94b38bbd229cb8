package dev.nacelle.app;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.node.endpoint.NodeEndpoint;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The way from the API server to the nodes: the one in this process is called directly. */
final class NodeGateways implements NodeGateway {
  private final Map<String, NodeEndpoint> local = new ConcurrentHashMap<>();
  private volatile Optional<NodeGateway> others = Optional.empty();

  /** The way to nodes that are not in this process. */
  void others(NodeGateway gateway) {
    others = Optional.of(gateway);
  }

  void local(String nodeName, NodeEndpoint endpoint) {
    local.put(nodeName, endpoint);
  }

  @Override
  public void forward(HttpExchange exchange, NodeRequest request) throws Exception {
    NodeEndpoint endpoint = local.get(request.nodeName());
    if (endpoint == null && others.isPresent()) {
      others.get().forward(exchange, request);
      return;
    }
    if (endpoint == null) {
      throw ApiException.unavailable(
          "cannot reach node \"" + request.nodeName() + "\": it is not in this process");
    }
    endpoint.handle(exchange, request.path(), QueryParameters.parse(request.query()));
  }
}
