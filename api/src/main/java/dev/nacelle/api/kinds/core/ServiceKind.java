package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import java.util.ArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A stable address for a set of pods. */
final class ServiceKind {
  private static final int MAX_INGRESS_WIDTH = 16;

  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Service", "v1", "Service", "services", "svc")
          .in("all")
          .subresource(
              "proxy",
              new GroupVersionKind("", "v1", "ServiceProxyOptions"),
              "create",
              "delete",
              "get",
              "patch",
              "update")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Type", service -> service.spec().string("type").orElse(""))
                  .describedAs("How it is exposed."),
              Cells.text("Cluster-IP", ServiceKind::clusterIp)
                  .describedAs("Its address inside the cluster."),
              Cells.text("External-IP", ServiceKind::externalIp)
                  .describedAs("Its addresses outside the cluster."),
              Cells.text("Port(s)", ServiceKind::ports)
                  .describedAs("Ports, with the node's port where there is one."),
              Cells.AGE,
              Cells.text("Selector", service -> Cells.labels(service.spec().strings("selector")))
                  .describedAs("Labels of the pods behind it.")
                  .wide())
          .selectable("spec.clusterIP", "spec.type")
          .hooks(new ServiceHooks())
          .build();

  private ServiceKind() {}

  private static String clusterIp(KubeObject service) {
    return service
        .spec()
        .array("clusterIPs")
        .strings()
        .findFirst()
        .or(() -> service.spec().string("clusterIP"))
        .filter(ip -> !ip.isEmpty())
        .orElse(Cells.NONE);
  }

  private static String externalIp(KubeObject service) {
    String listed = service.spec().array("externalIPs").strings().collect(Collectors.joining(","));
    return switch (service.spec().string("type").orElse("")) {
      case "ClusterIP", "NodePort" -> Cells.orNone(listed);
      case "LoadBalancer" -> {
        String both =
            Stream.of(ingress(service), listed)
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining(","));
        yield both.isEmpty() ? "<pending>" : both;
      }
      case "ExternalName" -> service.spec().string("externalName").orElse("");
      default -> Cells.UNKNOWN;
    };
  }

  private static String ingress(KubeObject service) {
    String all =
        service
            .status()
            .array("loadBalancer", "ingress")
            .objects()
            .map(i -> i.string("ip").or(() -> i.string("hostname")).orElse(""))
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining(","));
    return all.length() > MAX_INGRESS_WIDTH ? all.substring(0, MAX_INGRESS_WIDTH - 3) + "..." : all;
  }

  private static String ports(KubeObject service) {
    var texts = new ArrayList<String>();
    service
        .spec()
        .array("ports")
        .objects()
        .forEach(
            port -> {
              long nodePort = port.integer("nodePort").orElse(0);
              texts.add(
                  port.integer("port").orElse(0)
                      + (nodePort > 0 ? ":" + nodePort : "")
                      + "/"
                      + port.string("protocol").orElse(""));
            });
    return Cells.orNone(String.join(",", texts));
  }
}
