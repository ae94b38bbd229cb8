package dev.nacelle.dns;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** The names of services and pods, as records. Pure over its view. */
final class ClusterZone {
  static final int TTL_SECONDS = 30;
  private static final int MAX_LABELS = 20;

  private final ClusterView view;
  private final Name origin;

  /**
   * @param domain such as {@code cluster.local}
   */
  ClusterZone(ClusterView view, String domain) {
    this.view = view;
    this.origin = name(domain + ".");
  }

  /** The addresses under which the cluster reaches a service. */
  static Stream<String> clusterAddresses(KubeObject service) {
    List<String> all = service.spec().array("clusterIPs").strings().toList();
    Stream<String> addresses =
        all.isEmpty() ? service.spec().string("clusterIP").stream() : all.stream();
    return addresses.filter(a -> !a.isEmpty() && !a.equals("None"));
  }

  /** For answers that deny something. */
  SOARecord authority() {
    return new SOARecord(
        origin,
        DClass.IN,
        TTL_SECONDS,
        below("ns", "dns"),
        below("hostmaster"),
        1,
        7_200,
        1_800,
        86_400,
        TTL_SECONDS);
  }

  boolean contains(Name name) {
    return name.subdomain(origin);
  }

  ZoneAnswer answer(Name name, int type) {
    Optional<String> address = ReverseName.address(name);
    if (address.isPresent()) {
      return reverse(name, address.get(), type);
    }
    if (!contains(name)) {
      return new ZoneAnswer.Elsewhere();
    }
    if (!view.isSynced()) {
      return new ZoneAnswer.NotReady();
    }
    List<String> labels = labels(name);
    if (labels.isEmpty()) {
      return type == Type.SOA ? found(List.of(authority())) : new ZoneAnswer.NoData();
    }
    if (labels.size() > MAX_LABELS) {
      return new ZoneAnswer.NoName();
    }
    return switch (labels.getFirst()) {
      case "svc" -> ofService(name, type, labels.subList(1, labels.size()));
      case "pod" -> ofPod(name, type, labels.subList(1, labels.size()));
      case "dns-version" -> version(name, type, labels);
      default -> new ZoneAnswer.NoName();
    };
  }

  /** The labels below the origin, the nearest to it first, in lower case. */
  private List<String> labels(Name name) {
    var labels = new ArrayList<String>();
    for (int i = name.labels() - origin.labels() - 1; i >= 0; i--) {
      labels.add(name.getLabelString(i).toLowerCase(Locale.ROOT));
    }
    return labels;
  }

  private static ZoneAnswer version(Name name, int type, List<String> labels) {
    if (labels.size() > 1) {
      return new ZoneAnswer.NoName();
    }
    return type == Type.TXT
        ? found(List.of(new TXTRecord(name, DClass.IN, TTL_SECONDS, "1.1.0")))
        : new ZoneAnswer.NoData();
  }

  /**
   * @param path namespace, service, then hostname or protocol, then port
   */
  private ZoneAnswer ofService(Name name, int type, List<String> path) {
    if (path.isEmpty()) {
      return new ZoneAnswer.NoData();
    }
    if (!view.hasNamespace(path.getFirst())) {
      return new ZoneAnswer.NoName();
    }
    if (path.size() == 1) {
      return new ZoneAnswer.NoData();
    }
    Optional<KubeObject> service = view.service(new ObjectKey(path.get(0), path.get(1)));
    if (service.isEmpty()) {
      return new ZoneAnswer.NoName();
    }
    return new ServiceNames(service.get(), name, type).answer(path.subList(2, path.size()));
  }

  private ZoneAnswer ofPod(Name name, int type, List<String> path) {
    if (path.isEmpty()) {
      return new ZoneAnswer.NoData();
    }
    if (!view.hasNamespace(path.getFirst()) || path.size() > 2) {
      return new ZoneAnswer.NoName();
    }
    if (path.size() == 1) {
      return new ZoneAnswer.NoData();
    }
    String dashed = path.get(1);
    if (!dashed.matches("(25[0-5]|2[0-4]\\d|1?\\d?\\d)(-(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}")) {
      return new ZoneAnswer.NoName();
    }
    return addresses(name, type, List.of(dashed.replace('-', '.')));
  }

  private ZoneAnswer reverse(Name name, String address, int type) {
    List<Name> targets = new ArrayList<>();
    Optional<KubeObject> service = view.serviceAt(address);
    if (service.isPresent()) {
      targets.add(serviceName(service.get()));
    } else {
      for (KubeObject slice : view.slicesAt(address)) {
        String owner = slice.label("kubernetes.io/service-name").orElse("");
        view.service(new ObjectKey(slice.namespace(), owner))
            .filter(ClusterZone::isHeadless)
            .ifPresent(
                s ->
                    ServiceEndpoint.of(List.of(slice))
                        .filter(e -> e.address().equals(address))
                        .forEach(e -> targets.add(endpointName(s, e))));
      }
    }
    if (targets.isEmpty()) {
      return new ZoneAnswer.Elsewhere();
    }
    return type == Type.PTR
        ? found(
            targets.stream()
                .distinct()
                .map(t -> (Record) new PTRRecord(name, DClass.IN, TTL_SECONDS, t))
                .toList())
        : new ZoneAnswer.NoData();
  }

  private static boolean isHeadless(KubeObject service) {
    return service.spec().string("clusterIP").orElse("").equals("None");
  }

  private Name serviceName(KubeObject service) {
    return below(service.name(), service.namespace(), "svc");
  }

  private Name endpointName(KubeObject service, ServiceEndpoint endpoint) {
    return below(endpoint.hostname(), service.name(), service.namespace(), "svc");
  }

  private Name below(String... labels) {
    try {
      return Name.concatenate(Name.fromString(String.join(".", labels)), origin);
    } catch (TextParseException | NameTooLongException e) {
      throw new IllegalStateException("not a name: " + String.join(".", labels), e);
    }
  }

  private static Name name(String text) {
    try {
      return Name.fromString(text);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a domain: " + text, e);
    }
  }

  private static ZoneAnswer found(List<Record> records) {
    return new ZoneAnswer.Found(records, List.of());
  }

  private static ZoneAnswer addresses(Name name, int type, List<String> addresses) {
    List<Record> records =
        addresses.stream()
            .distinct()
            .flatMap(a -> record(name, a).stream())
            .filter(r -> r.getType() == type || type == Type.ANY)
            .toList();
    return records.isEmpty() ? new ZoneAnswer.NoData() : found(records);
  }

  private static Optional<Record> record(Name name, String address) {
    try {
      InetAddress parsed = InetAddress.ofLiteral(address);
      return Optional.of(
          parsed.getAddress().length == 4
              ? new ARecord(name, DClass.IN, TTL_SECONDS, parsed)
              : new AAAARecord(name, DClass.IN, TTL_SECONDS, parsed));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The names at and below one service. */
  private final class ServiceNames {
    private final KubeObject service;
    private final Name name;
    private final int type;

    ServiceNames(KubeObject service, Name name, int type) {
      this.service = service;
      this.name = name;
      this.type = type;
    }

    ZoneAnswer answer(List<String> below) {
      if (service.spec().string("type").orElse("").equals("ExternalName")) {
        return below.isEmpty() ? alias() : new ZoneAnswer.NoName();
      }
      return switch (below.size()) {
        case 0 -> atService();
        case 1 ->
            below.getFirst().startsWith("_")
                ? protocol(below.getFirst())
                : endpoint(below.getFirst());
        case 2 -> ports(below.get(0), below.get(1));
        default -> new ZoneAnswer.NoName();
      };
    }

    private ZoneAnswer alias() {
      String target = service.spec().string("externalName").orElse("");
      try {
        Name absolute = Name.fromString(target, Name.root);
        return new ZoneAnswer.Alias(
            new CNAMERecord(name, DClass.IN, TTL_SECONDS, absolute), absolute);
      } catch (TextParseException e) {
        return new ZoneAnswer.NoData();
      }
    }

    private List<ServiceEndpoint> endpoints() {
      return ServiceEndpoint.of(view.slices(service.key())).toList();
    }

    private ZoneAnswer atService() {
      if (type == Type.SRV) {
        return srv(port -> true);
      }
      if (!isHeadless(service)) {
        return addresses(name, type, clusterAddresses(service).toList());
      }
      List<String> ready = endpoints().stream().map(ServiceEndpoint::address).toList();
      // the specification denies the name of a headless service without ready endpoints
      return ready.isEmpty() ? new ZoneAnswer.NoName() : addresses(name, type, ready);
    }

    private ZoneAnswer endpoint(String hostname) {
      List<String> ready =
          endpoints().stream()
              .filter(e -> e.hostname().equalsIgnoreCase(hostname))
              .map(ServiceEndpoint::address)
              .toList();
      return ready.isEmpty() ? new ZoneAnswer.NoName() : addresses(name, type, ready);
    }

    private ZoneAnswer protocol(String protocol) {
      boolean used =
          service
              .spec()
              .array("ports")
              .objects()
              .anyMatch(p -> ("_" + p.string("protocol").orElse("TCP")).equalsIgnoreCase(protocol));
      return used ? new ZoneAnswer.NoData() : new ZoneAnswer.NoName();
    }

    private ZoneAnswer ports(String protocol, String port) {
      Predicate<ServiceEndpoint.Port> asked =
          p ->
              ("_" + p.protocol()).equalsIgnoreCase(protocol)
                  && !p.name().isEmpty()
                  && ("_" + p.name()).equalsIgnoreCase(port);
      ZoneAnswer all = srv(asked);
      boolean exists = all instanceof ZoneAnswer.Found;
      if (!exists) {
        return new ZoneAnswer.NoName();
      }
      return type == Type.SRV ? all : new ZoneAnswer.NoData();
    }

    private ZoneAnswer srv(Predicate<ServiceEndpoint.Port> asked) {
      Map<Name, List<String>> targets = new LinkedHashMap<>();
      List<Record> records = new ArrayList<>();
      if (isHeadless(service)) {
        List<ServiceEndpoint> ready = endpoints();
        int weight = Math.max(1, 100 / Math.max(1, ready.size()));
        for (ServiceEndpoint endpoint : ready) {
          Name target = endpointName(service, endpoint);
          endpoint.ports().stream()
              .filter(asked)
              .forEach(
                  port -> {
                    records.add(srv(port, weight, target));
                    targets.computeIfAbsent(target, t -> new ArrayList<>()).add(endpoint.address());
                  });
        }
      } else {
        Name target = serviceName(service);
        service
            .spec()
            .array("ports")
            .objects()
            .map(
                p ->
                    new ServiceEndpoint.Port(
                        p.string("name").orElse(""),
                        p.string("protocol").orElse("TCP"),
                        (int) p.integer("port").orElse(0)))
            .filter(asked)
            .forEach(port -> records.add(srv(port, 100, target)));
        targets.put(target, clusterAddresses(service).toList());
      }
      if (records.isEmpty()) {
        return new ZoneAnswer.NoData();
      }
      List<Record> additional = new ArrayList<>();
      targets.forEach(
          (target, addresses) ->
              addresses.stream()
                  .distinct()
                  .flatMap(a -> record(target, a).stream())
                  .forEach(additional::add));
      return new ZoneAnswer.Found(records.stream().distinct().toList(), additional);
    }

    private Record srv(ServiceEndpoint.Port port, int weight, Name target) {
      return new SRVRecord(name, DClass.IN, TTL_SECONDS, 0, weight, port.number(), target);
    }
  }
}
