package dev.nacelle.image.distribution;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a registry holds.
 *
 * @param totalBytes of all content and all uploads, each content once
 * @param namespaceBytes by namespace, content once for each of its repositories
 */
public record RegistryUsage(
    long totalBytes, SortedMap<String, Long> namespaceBytes, int repositories, int uploads) {
  public RegistryUsage {
    namespaceBytes = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(namespaceBytes));
  }
}
