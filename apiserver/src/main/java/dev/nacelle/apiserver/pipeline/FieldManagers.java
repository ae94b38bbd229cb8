package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.WriteOptions;

/** Who a write is attributed to. */
final class FieldManagers {
  private FieldManagers() {}

  static String nameFor(RequestContext context, WriteOptions options) {
    return options.fieldManager().isEmpty() ? context.defaultManager() : options.fieldManager();
  }
}
