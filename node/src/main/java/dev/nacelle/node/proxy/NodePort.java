package dev.nacelle.node.proxy;

import dev.nacelle.network.Protocol;
import java.util.Locale;

/** A port of this host that a Service asks for. */
record NodePort(int number, Protocol protocol) {

  /** As upstream's kube-proxy names it in its messages: the port of one Service port. */
  String describe(String servicePort) {
    return "\"nodePort for " + servicePort + "\" (:" + number + "/" + network() + ")";
  }

  /** As Go names the network. */
  String network() {
    return protocol.name().toLowerCase(Locale.ROOT) + "4";
  }
}
