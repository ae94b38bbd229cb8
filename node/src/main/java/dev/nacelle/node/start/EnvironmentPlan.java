package dev.nacelle.node.start;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Computes the environment of a container: Services, then envFrom, then env, each over the one
 * before.
 */
final class EnvironmentPlan {
  private final References references;
  private final ServiceVariables services;
  private final FieldValues.Host host;

  EnvironmentPlan(References references, ServiceVariables services, FieldValues.Host host) {
    this.references = references;
    this.services = services;
    this.host = host;
  }

  /**
   * @throws ConfigurationException if something it refers to is missing
   */
  Map<String, String> of(PodView pod, ContainerView container) throws ConfigurationException {
    var result = new LinkedHashMap<String, String>();
    result.putAll(services.of(pod));
    for (JsonObject source : container.json().array("envFrom").objects().toList()) {
      addAll(pod, source, result);
    }
    for (JsonObject variable : container.json().array("env").objects().toList()) {
      String name = variable.string("name").orElse("");
      Optional<String> value = value(pod, container, variable, result);
      value.ifPresent(v -> result.put(name, v));
    }
    return result;
  }

  private void addAll(PodView pod, JsonObject source, Map<String, String> into)
      throws ConfigurationException {
    String prefix = source.string("prefix").orElse("");
    for (Kind kind : Kind.values()) {
      JsonObject reference = source.object(kind.envFrom);
      if (!reference.isEmpty()) {
        Optional<KubeObject> object = kind.find(references, pod, reference);
        if (object.isPresent()) {
          kind.data(object.get()).forEach((key, value) -> into.put(prefix + key, value));
        }
      }
    }
  }

  private Optional<String> value(
      PodView pod, ContainerView container, JsonObject variable, Map<String, String> known)
      throws ConfigurationException {
    JsonObject from = variable.object("valueFrom");
    if (from.isEmpty()) {
      return Optional.of(Environment.expand(variable.string("value").orElse(""), known));
    }
    Optional<String> field = from.string("fieldRef", "fieldPath");
    if (field.isPresent()) {
      return Optional.of(FieldValues.field(pod, field.get(), host));
    }
    JsonObject resource = from.object("resourceFieldRef");
    if (!resource.isEmpty()) {
      JsonObject of =
          resource
              .string("containerName")
              .flatMap(pod::container)
              .map(ContainerView::json)
              .orElse(container.json());
      return Optional.of(FieldValues.resource(of, resource, host));
    }
    for (Kind kind : Kind.values()) {
      JsonObject reference = from.object(kind.keyRef);
      if (!reference.isEmpty()) {
        return key(pod, kind, reference);
      }
    }
    return Optional.empty();
  }

  private Optional<String> key(PodView pod, Kind kind, JsonObject reference)
      throws ConfigurationException {
    Optional<KubeObject> object = kind.find(references, pod, reference);
    String key = reference.string("key").orElse("");
    Optional<String> value = object.map(kind::data).map(data -> data.get(key));
    if (value.isEmpty() && object.isPresent() && !reference.bool("optional").orElse(false)) {
      throw ConfigurationException.config(
          "couldn't find key "
              + key
              + " in "
              + kind.word
              + " "
              + pod.object().namespace()
              + "/"
              + reference.string("name").orElse(""));
    }
    return value;
  }

  /** The two kinds of data that variables come from. */
  private enum Kind {
    CONFIG_MAP("configMapRef", "configMapKeyRef", "ConfigMap", "configmap"),
    SECRET("secretRef", "secretKeyRef", "Secret", "secret");

    private final String envFrom;
    private final String keyRef;
    private final String word;
    private final String resource;

    Kind(String envFrom, String keyRef, String word, String resource) {
      this.envFrom = envFrom;
      this.keyRef = keyRef;
      this.word = word;
      this.resource = resource;
    }

    Optional<KubeObject> find(References references, PodView pod, JsonObject reference)
        throws ConfigurationException {
      String name = reference.string("name").orElse("");
      Optional<KubeObject> found =
          references.find(
              this == SECRET ? Resources.SECRETS : Resources.CONFIG_MAPS,
              pod.object().namespace(),
              name);
      if (found.isEmpty() && !reference.bool("optional").orElse(false)) {
        throw ConfigurationException.config(resource + " \"" + name + "\" not found");
      }
      return found;
    }

    Map<String, String> data(KubeObject object) {
      Map<String, String> data = object.json().strings("data");
      if (this == CONFIG_MAP) {
        return data;
      }
      var decoded = new LinkedHashMap<String, String>();
      data.forEach(
          (key, value) ->
              decoded.put(
                  key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
      return decoded;
    }
  }

  /** The variables that tell of Services. */
  interface ServiceVariables {
    Map<String, String> of(PodView pod);

    /** Those of one Service, in the Docker-links form that Kubernetes keeps. */
    static Map<String, String> of(KubeObject service) {
      var result = new LinkedHashMap<String, String>();
      String address = service.spec().string("clusterIP").orElse("");
      List<JsonObject> ports = service.spec().array("ports").objects().toList();
      if (address.isEmpty() || address.equals("None") || ports.isEmpty()) {
        return result;
      }
      String name = service.name().toUpperCase(Locale.ROOT).replace('-', '_');
      result.put(name + "_SERVICE_HOST", address);
      result.put(name + "_SERVICE_PORT", Long.toString(ports.getFirst().integer("port").orElse(0)));
      for (JsonObject port : ports) {
        port.string("name")
            .filter(n -> !n.isEmpty())
            .ifPresent(
                n ->
                    result.put(
                        name + "_SERVICE_PORT_" + n.toUpperCase(Locale.ROOT).replace('-', '_'),
                        Long.toString(port.integer("port").orElse(0))));
      }
      for (int i = 0; i < ports.size(); i++) {
        links(result, name, address, ports.get(i), i == 0);
      }
      return result;
    }

    private static void links(
        Map<String, String> result, String name, String address, JsonObject port, boolean first) {
      String protocol = port.string("protocol").orElse("TCP");
      long number = port.integer("port").orElse(0);
      String url = protocol.toLowerCase(Locale.ROOT) + "://" + address + ":" + number;
      if (first) {
        result.put(name + "_PORT", url);
      }
      String prefix = name + "_PORT_" + number + "_" + protocol.toUpperCase(Locale.ROOT);
      result.put(prefix, url);
      result.put(prefix + "_PROTO", protocol.toLowerCase(Locale.ROOT));
      result.put(prefix + "_PORT", Long.toString(number));
      result.put(prefix + "_ADDR", address);
    }
  }
}
