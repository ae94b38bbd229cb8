package dev.nacelle.apiserver.audit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** When in the life of a request an event is written. */
enum AuditStage {
  REQUEST_RECEIVED("RequestReceived"),
  /** The head of the answer was sent; only of requests that run long. */
  RESPONSE_STARTED("ResponseStarted"),
  RESPONSE_COMPLETE("ResponseComplete"),
  /** The server itself failed. */
  PANIC("Panic");

  private final String text;

  AuditStage(String text) {
    this.text = text;
  }

  static Optional<AuditStage> of(String text) {
    return Arrays.stream(values()).filter(stage -> stage.text.equals(text)).findFirst();
  }

  static List<String> texts() {
    return Arrays.stream(values()).map(AuditStage::text).toList();
  }

  String text() {
    return text;
  }
}
