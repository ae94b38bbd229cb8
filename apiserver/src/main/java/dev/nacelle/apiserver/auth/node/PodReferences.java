package dev.nacelle.apiserver.auth.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What a pod refers to and its node may therefore read: secrets, config maps and the like. */
final class PodReferences {
  private static final String MIRROR = "kubernetes.io/config.mirror";

  private PodReferences() {}

  /** One word for a node's right to one object. */
  static String word(String node, String resource, String namespace, String name) {
    return node + " " + resource + " " + namespace + "/" + name;
  }

  /** The words of all that a pod gives to its node; none for a pod without one. */
  static Collection<String> words(KubeObject pod) {
    String node = pod.spec().string("nodeName").orElse("");
    if (node.isEmpty() || pod.annotation(MIRROR).isPresent()) {
      return List.of();
    }
    Set<String> words = new HashSet<>();
    JsonObject spec = pod.spec();
    String namespace = pod.namespace();
    spec.string("serviceAccountName")
        .filter(name -> !name.isEmpty())
        .ifPresent(name -> words.add(word(node, "serviceaccounts", namespace, name)));
    secrets(spec).forEach(name -> words.add(word(node, "secrets", namespace, name)));
    configMaps(spec).forEach(name -> words.add(word(node, "configmaps", namespace, name)));
    spec.array("volumes")
        .objects()
        .flatMap(v -> v.string("persistentVolumeClaim", "claimName").stream())
        .forEach(name -> words.add(word(node, "persistentvolumeclaims", namespace, name)));
    return words;
  }

  private static Stream<String> secrets(JsonObject spec) {
    Stream<String> pulls =
        spec.array("imagePullSecrets").objects().flatMap(s -> s.string("name").stream());
    Stream<String> volumes =
        spec.array("volumes")
            .objects()
            .flatMap(
                v ->
                    Stream.of(
                            v.string("secret", "secretName"),
                            v.string("csi", "nodePublishSecretRef", "name"))
                        .flatMap(name -> name.stream()));
    return Stream.of(pulls, volumes, projected(spec, "secret"), environment(spec, "secret"))
        .flatMap(names -> names);
  }

  private static Stream<String> configMaps(JsonObject spec) {
    Stream<String> volumes =
        spec.array("volumes").objects().flatMap(v -> v.string("configMap", "name").stream());
    return Stream.of(volumes, projected(spec, "configMap"), environment(spec, "configMap"))
        .flatMap(names -> names);
  }

  private static Stream<String> projected(JsonObject spec, String source) {
    return spec.array("volumes")
        .objects()
        .flatMap(v -> v.array("projected", "sources").objects())
        .flatMap(s -> s.string(source, "name").stream());
  }

  private static Stream<String> environment(JsonObject spec, String source) {
    return Stream.of("containers", "initContainers", "ephemeralContainers")
        .flatMap(list -> spec.array(list).objects())
        .flatMap(
            container ->
                Stream.concat(
                    container
                        .array("env")
                        .objects()
                        .flatMap(e -> e.string("valueFrom", source + "KeyRef", "name").stream()),
                    container
                        .array("envFrom")
                        .objects()
                        .flatMap(e -> e.string(source + "Ref", "name").stream())));
  }
}
