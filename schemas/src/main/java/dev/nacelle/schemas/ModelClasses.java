package dev.nacelle.schemas;

import dev.nacelle.base.json.JsonObject;
import io.kubernetes.client.openapi.models.V1Pod;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The generated classes of the newer API, by the names that OpenAPI gives their definitions. */
final class ModelClasses {
  private static final String PACKAGE = V1Pod.class.getPackageName() + ".";

  private final Map<String, Class<?>> byDefinition = new HashMap<>();
  private final Map<Class<?>, String> byClass = new HashMap<>();

  /**
   * @param older the definitions of the older API
   * @param added the definitions that it lacks, and their classes
   */
  ModelClasses(JsonObject older, Map<String, String> added) {
    for (String definition : older.members().keySet()) {
      if (definition.startsWith("io.k8s.api")) {
        classOf(definition).ifPresent(type -> put(definition, type));
      }
    }
    added.forEach(
        (definition, name) ->
            put(
                definition,
                load(name).orElseThrow(() -> new IllegalStateException("no class " + name))));
  }

  /** The class of a definition; empty where the definition is no object with fields. */
  Optional<ModelClass> find(String definition) {
    return Optional.ofNullable(byDefinition.get(definition))
        .map(type -> new ModelClass(type, byClass));
  }

  /** The file that the classes come from. */
  static String sourceName() {
    String path = V1Pod.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void put(String definition, Class<?> type) {
    byDefinition.put(definition, type);
    byClass.put(type, definition);
  }

  /** A class is {@code V1Kind}, or {@code GroupV1Kind} where two groups have the kind. */
  private static Optional<Class<?>> classOf(String definition) {
    String[] parts = definition.split("\\.");
    String plain = capital(parts[parts.length - 2]) + parts[parts.length - 1];
    return load(capital(parts[parts.length - 3]) + plain).or(() -> load(plain));
  }

  private static Optional<Class<?>> load(String name) {
    try {
      return Optional.of(Class.forName(PACKAGE + name, true, V1Pod.class.getClassLoader()));
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  private static String capital(String word) {
    return word.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }
}
