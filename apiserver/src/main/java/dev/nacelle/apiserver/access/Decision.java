package dev.nacelle.apiserver.access;

/** What an authorizer says. The reason may be empty. */
public sealed interface Decision {
  Decision NO_OPINION = new NoOpinion("");

  String reason();

  /** It may be done. */
  record Allow(String reason) implements Decision {}

  /** It must not be done, whatever others say. */
  record Deny(String reason) implements Decision {}

  /** Others may say; refused when nobody allows it. */
  record NoOpinion(String reason) implements Decision {}
}
