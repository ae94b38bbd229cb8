package dev.nacelle.api.apply;

import java.time.Instant;

/**
 * Who writes, in which version of the kind, to what, and when.
 *
 * @param apiVersion the group and version of the request: {@code apps/v1}
 * @param subresource empty for the main resource
 */
public record FieldWriter(String manager, String apiVersion, String subresource, Instant time) {}
