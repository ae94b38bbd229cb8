package dev.nacelle.api.client;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Builds the query of a URL; values that are empty are left out. For one thread. */
final class QueryText {
  private final StringBuilder text = new StringBuilder();

  QueryText put(String name, String value) {
    if (!value.isEmpty()) {
      text.append(text.isEmpty() ? '?' : '&').append(name).append('=').append(encoded(value));
    }
    return this;
  }

  QueryText put(ListOptions options) {
    return put("labelSelector", options.labelSelector())
        .put("fieldSelector", options.fieldSelector())
        .put("resourceVersion", options.resourceVersion())
        .put("resourceVersionMatch", options.resourceVersionMatch())
        .put("limit", options.limit() > 0 ? Long.toString(options.limit()) : "")
        .put("continue", options.continueToken());
  }

  QueryText put(WriteOptions options) {
    put("fieldManager", options.fieldManager());
    put(
        "dryRun",
        switch (options.dryRun()) {
          case NONE -> "";
          case ALL -> "All";
        });
    return put(
        "fieldValidation",
        switch (options.validation()) {
          case IGNORE -> "Ignore";
          case WARN -> "Warn";
          case STRICT -> "Strict";
        });
  }

  /** A path whose steps hold any characters, made fit for a URL. */
  static String path(String plain) {
    var result = new StringBuilder();
    for (String step : plain.split("/", -1)) {
      result.append(result.isEmpty() && step.isEmpty() ? "" : "/").append(encoded(step));
    }
    return result.toString();
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** With its question mark, or empty. */
  @Override
  public String toString() {
    return text.toString();
  }
}
