package dev.nacelle.api.kinds.core;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The class of a pod by what its containers ask for, as upstream's {@code ComputePodQOS}. Pure. */
final class QualityOfService {
  private static final List<String> COUNTED = List.of("cpu", "memory");

  private QualityOfService() {}

  /** {@code Guaranteed}, {@code Burstable} or {@code BestEffort}. */
  static String of(JsonObject podSpec) {
    List<JsonObject> resources =
        podSpec.has("resources")
            ? List.of(podSpec.object("resources"))
            : Stream.of("containers", "initContainers")
                .flatMap(list -> podSpec.array(list).objects())
                .map(container -> container.object("resources"))
                .toList();
    boolean any = resources.stream().anyMatch(QualityOfService::asksForAnything);
    if (!any) {
      return "BestEffort";
    }
    return resources.stream().allMatch(QualityOfService::isGuaranteed) ? "Guaranteed" : "Burstable";
  }

  private static boolean asksForAnything(JsonObject resources) {
    return COUNTED.stream()
        .anyMatch(
            name ->
                amount(resources, "requests", name).isPresent()
                    || amount(resources, "limits", name).isPresent());
  }

  private static boolean isGuaranteed(JsonObject resources) {
    return COUNTED.stream()
        .allMatch(
            name -> {
              Optional<Quantity> limit = amount(resources, "limits", name);
              Optional<Quantity> request = amount(resources, "requests", name);
              return limit.isPresent()
                  && (request.isEmpty() || request.get().compareTo(limit.get()) == 0);
            });
  }

  private static Optional<Quantity> amount(JsonObject resources, String list, String name) {
    Json value = resources.find(list, name).orElse(JsonNull.NULL);
    return Quantity.read(value).filter(q -> !q.isZero());
  }
}
