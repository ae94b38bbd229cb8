package dev.nacelle.apiserver.gateway;

import dev.nacelle.base.http.HttpExchange;

/** Hands authorized requests to the endpoint of a node. Safe for any thread. */
@FunctionalInterface
public interface NodeGateway {

  /**
   * A request as the node's endpoint (the kubelet's API) takes it.
   *
   * @param path on the node: {@code /containerLogs/NAMESPACE/POD/CONTAINER}, {@code
   *     /exec/NAMESPACE/POD/CONTAINER}, {@code /attach/...}, {@code /portForward/NAMESPACE/POD},
   *     and whatever else a client asks of the node itself; percent-encoded
   * @param query with the node's names of the parameters, without a question mark
   */
  record NodeRequest(String nodeName, String path, String query) {}

  /**
   * Answers the exchange with what the node answers: a stream, a WebSocket or an upgraded
   * connection included. Returns when it is over.
   *
   * @throws dev.nacelle.api.status.ApiException if the node is not known, or refuses; then nothing
   *     was answered
   * @throws dev.nacelle.base.http.UnreachableException if the node cannot be reached; then nothing
   *     was answered
   */
  void forward(HttpExchange exchange, NodeRequest request) throws Exception;
}
