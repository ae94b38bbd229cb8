package dev.nacelle.apiserver.audit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** How much of a request is written; each level has all of the one before it. */
enum AuditLevel {
  NONE("None"),
  METADATA("Metadata"),
  REQUEST("Request"),
  REQUEST_RESPONSE("RequestResponse");

  private final String text;

  AuditLevel(String text) {
    this.text = text;
  }

  static Optional<AuditLevel> of(String text) {
    return Arrays.stream(values()).filter(level -> level.text.equals(text)).findFirst();
  }

  static List<String> texts() {
    return Arrays.stream(values()).map(AuditLevel::text).toList();
  }

  String text() {
    return text;
  }

  boolean includes(AuditLevel other) {
    return compareTo(other) >= 0;
  }
}
