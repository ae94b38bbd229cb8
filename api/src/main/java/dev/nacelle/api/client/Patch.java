package dev.nacelle.api.client;

import dev.nacelle.base.json.Json;

/** A patch and its form. */
public record Patch(Type type, Json body) {

  /** The four forms, with their media types. */
  public enum Type {
    JSON("application/json-patch+json"),
    MERGE("application/merge-patch+json"),
    STRATEGIC("application/strategic-merge-patch+json"),
    APPLY("application/apply-patch+yaml");

    private final String mediaType;

    Type(String mediaType) {
      this.mediaType = mediaType;
    }

    public String mediaType() {
      return mediaType;
    }
  }

  public static Patch merge(Json body) {
    return new Patch(Type.MERGE, body);
  }

  public static Patch strategic(Json body) {
    return new Patch(Type.STRATEGIC, body);
  }

  public static Patch apply(Json body) {
    return new Patch(Type.APPLY, body);
  }

  public static Patch json(Json body) {
    return new Patch(Type.JSON, body);
  }
}
