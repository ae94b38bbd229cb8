package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A pod as the node reads it. */
public record PodView(KubeObject object) {

  public String uid() {
    return object.uid();
  }

  /** {@code name_namespace(uid)}, as the kubelet's messages name a pod. */
  public String fullName() {
    return object.name() + "_" + object.namespace() + "(" + object.uid() + ")";
  }

  public JsonObject spec() {
    return object.spec();
  }

  public RestartPolicy restartPolicy() {
    return RestartPolicy.of(spec().string("restartPolicy").orElse("Always"));
  }

  /** Init containers (sidecars among them) in order, then the regular, then the ephemeral ones. */
  public List<ContainerView> containers() {
    var result = new ArrayList<ContainerView>();
    initContainers().forEach(result::add);
    regularContainers().forEach(result::add);
    ephemeralContainers().forEach(result::add);
    return List.copyOf(result);
  }

  /** In order; those with {@code restartPolicy: Always} are sidecars. */
  public Stream<ContainerView> initContainers() {
    return spec()
        .array("initContainers")
        .objects()
        .map(
            c ->
                new ContainerView(
                    c,
                    c.string("restartPolicy").filter("Always"::equals).isPresent()
                        ? ContainerView.Role.SIDECAR
                        : ContainerView.Role.INIT));
  }

  public Stream<ContainerView> sidecars() {
    return initContainers().filter(c -> c.role() == ContainerView.Role.SIDECAR);
  }

  public Stream<ContainerView> regularContainers() {
    return spec()
        .array("containers")
        .objects()
        .map(c -> new ContainerView(c, ContainerView.Role.REGULAR));
  }

  public Stream<ContainerView> ephemeralContainers() {
    return spec()
        .array("ephemeralContainers")
        .objects()
        .map(c -> new ContainerView(c, ContainerView.Role.EPHEMERAL));
  }

  /** The volumes among those that a container mounts that are images. */
  List<JsonObject> imageVolumes(ContainerView container) {
    Set<String> mounted =
        container
            .json()
            .array("volumeMounts")
            .objects()
            .flatMap(m -> m.string("name").stream())
            .collect(Collectors.toSet());
    return imageVolumes()
        .filter(v -> v.string("name").filter(mounted::contains).isPresent())
        .toList();
  }

  /** The volumes that are images. */
  public Stream<JsonObject> imageVolumes() {
    return spec().array("volumes").objects().filter(v -> v.has("image"));
  }

  public Optional<ContainerView> container(String name) {
    return containers().stream().filter(c -> c.name().equals(name)).findFirst();
  }

  public boolean isHostNetwork() {
    return spec().bool("hostNetwork").orElse(false);
  }

  /** Whether the API says that the pod has come to its end. */
  public boolean isFinished() {
    String phase = object.status().string("phase").orElse("");
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  /** {@code spec.activeDeadlineSeconds}. */
  public OptionalLong activeDeadlineSeconds() {
    return spec().integer("activeDeadlineSeconds");
  }

  /**
   * The time between the request to end and the kill: of the deletion under way, else of the
   * specification.
   */
  public Duration gracePeriod() {
    long seconds =
        object
            .json()
            .integer("metadata", "deletionGracePeriodSeconds")
            .orElse(spec().integer("terminationGracePeriodSeconds").orElse(30));
    return Duration.ofSeconds(Math.max(0, seconds));
  }

  public String hostname() {
    String name = spec().string("hostname").filter(h -> !h.isEmpty()).orElse(object.name());
    String cut = name.length() > 63 ? name.substring(0, 63) : name;
    return cut.replaceAll("[-.]+$", "");
  }
}
