package dev.nacelle.scheduler.cluster;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.JsonObject;
import java.util.HashMap;
import java.util.Map;

/**
 * Amounts of resources.
 *
 * @param other extended resources and huge pages, in whole units
 */
public record Amounts(
    long cpuMillis, long memoryBytes, long ephemeralBytes, Map<String, Long> other) {
  public static final Amounts NONE = new Amounts(0, 0, 0, Map.of());

  public Amounts {
    other = Map.copyOf(other);
  }

  /** Reads a {@code ResourceList}; what is no quantity counts as nothing. */
  public static Amounts of(JsonObject list) {
    if (list.isEmpty()) {
      return NONE;
    }
    long cpu = 0;
    long memory = 0;
    long ephemeral = 0;
    Map<String, Long> other = new HashMap<>();
    for (var entry : list.members().entrySet()) {
      Quantity quantity = Quantity.read(entry.getValue()).orElse(Quantity.ZERO);
      switch (entry.getKey()) {
        case "cpu" -> cpu = quantity.millis();
        case "memory" -> memory = quantity.units();
        case "ephemeral-storage" -> ephemeral = quantity.units();
        case "pods" -> {}
        default -> other.put(entry.getKey(), quantity.units());
      }
    }
    return new Amounts(cpu, memory, ephemeral, other);
  }

  public Amounts plus(Amounts more) {
    return new Amounts(
        cpuMillis + more.cpuMillis,
        memoryBytes + more.memoryBytes,
        ephemeralBytes + more.ephemeralBytes,
        merged(more, Operation.ADD));
  }

  public Amounts minus(Amounts less) {
    return new Amounts(
        cpuMillis - less.cpuMillis,
        memoryBytes - less.memoryBytes,
        ephemeralBytes - less.ephemeralBytes,
        merged(less, Operation.SUBTRACT));
  }

  /** The larger of each. */
  public Amounts max(Amounts that) {
    return new Amounts(
        Math.max(cpuMillis, that.cpuMillis),
        Math.max(memoryBytes, that.memoryBytes),
        Math.max(ephemeralBytes, that.ephemeralBytes),
        merged(that, Operation.LARGER));
  }

  private enum Operation {
    ADD,
    SUBTRACT,
    LARGER
  }

  private Map<String, Long> merged(Amounts that, Operation operation) {
    if (that.other.isEmpty()) {
      return other;
    }
    Map<String, Long> result = new HashMap<>(other);
    that.other.forEach(
        (name, value) -> {
          long mine = other.getOrDefault(name, 0L);
          result.put(
              name,
              switch (operation) {
                case ADD -> mine + value;
                case SUBTRACT -> mine - value;
                case LARGER -> Math.max(mine, value);
              });
        });
    return result;
  }
}
