package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import java.util.Locale;
import java.util.Optional;

/** The form of the reply that a client accepts, as the {@code Accept} header says it. */
record Accepted(Form form, String mediaType) {
  static final String JSON = "application/json";
  static final String YAML = "application/yaml";

  /** What an object or a list is shown as. */
  enum Form {
    AS_IS,
    TABLE,
    METADATA,
    /** Aggregated discovery, version v2. */
    DISCOVERY_V2,
    /** Aggregated discovery, version v2beta1. */
    DISCOVERY_V2BETA1
  }

  private static final Accepted PLAIN = new Accepted(Form.AS_IS, JSON);

  /**
   * The first entry that can be served.
   *
   * @throws ApiException with code 406 if there is none
   */
  static Accepted of(String header) {
    if (header.isEmpty() || header.equals(JSON) || header.equals("*/*")) {
      return PLAIN;
    }
    for (String entry : header.split(",", -1)) {
      Optional<Accepted> accepted = entry(entry.strip());
      if (accepted.isPresent()) {
        return accepted.get();
      }
    }
    throw ApiException.notAcceptable(
        "only the following media types are accepted: application/json, application/yaml");
  }

  private static Optional<Accepted> entry(String entry) {
    String[] parts = entry.split(";", -1);
    String type = parts[0].strip().toLowerCase(Locale.ROOT);
    String mediaType;
    switch (type) {
      case "application/json", "*/*", "application/*" -> mediaType = JSON;
      case "application/yaml" -> mediaType = YAML;
      default -> {
        return Optional.empty();
      }
    }
    String as = "";
    String group = "";
    String version = "";
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].strip();
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals);
      String value = equals < 0 ? "" : part.substring(equals + 1).replace("\"", "");
      switch (name) {
        case "as" -> as = value;
        case "g" -> group = value;
        case "v" -> version = value;
        default -> {
          // q, charset, stream: no choice hangs on them
        }
      }
    }
    return form(as, group, version).map(form -> new Accepted(form, mediaType));
  }

  private static Optional<Form> form(String as, String group, String version) {
    boolean meta =
        group.equals("meta.k8s.io") && (version.equals("v1") || version.equals("v1beta1"));
    return switch (as) {
      case "" -> Optional.of(Form.AS_IS);
      case "Table" -> meta ? Optional.of(Form.TABLE) : Optional.empty();
      case "PartialObjectMetadata", "PartialObjectMetadataList" ->
          meta ? Optional.of(Form.METADATA) : Optional.empty();
      case "APIGroupDiscoveryList" ->
          switch (version) {
            case "v2" -> Optional.of(Form.DISCOVERY_V2);
            case "v2beta1" -> Optional.of(Form.DISCOVERY_V2BETA1);
            default -> Optional.empty();
          };
      default -> Optional.empty();
    };
  }
}
