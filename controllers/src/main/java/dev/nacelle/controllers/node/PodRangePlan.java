package dev.nacelle.controllers.node;

import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Cuts the cluster's range of pod addresses into equal parts, one for each node. */
final class PodRangePlan {
  private static final int NODE_PREFIX = 21;

  private final long first;
  private final int prefix;
  private final int nodePrefix;

  /**
   * @param clusterCidr such as {@code 10.64.0.0/16}
   * @throws IllegalArgumentException if it is no IPv4 range
   */
  PodRangePlan(String clusterCidr) {
    int slash = clusterCidr.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("not a range of addresses: " + clusterCidr);
    }
    this.prefix = Integer.parseInt(clusterCidr.substring(slash + 1));
    this.nodePrefix = Math.max(NODE_PREFIX, prefix);
    if (prefix < 1 || prefix > 32) {
      throw new IllegalArgumentException("not a range of addresses: " + clusterCidr);
    }
    long size = 1L << (32 - prefix);
    this.first = parse(clusterCidr.substring(0, slash)) / size * size;
  }

  private static long parse(String address) {
    String[] parts = address.split("\\.", -1);
    long value = 0;
    for (String part : parts) {
      int octet = Integer.parseInt(part);
      if (parts.length != 4 || octet < 0 || octet > 255) {
        throw new IllegalArgumentException("not an IPv4 address: " + address);
      }
      value = value << 8 | octet;
    }
    return value;
  }

  /** The lowest part that nobody has; empty if all are taken. */
  Optional<String> free(Collection<String> taken) {
    Set<String> used = new HashSet<>(taken);
    long parts = 1L << (nodePrefix - prefix);
    for (long i = 0; i < parts; i++) {
      String part = part(i);
      if (!used.contains(part)) {
        return Optional.of(part);
      }
    }
    return Optional.empty();
  }

  private String part(long index) {
    long address = first + (index << (32 - nodePrefix));
    return "%d.%d.%d.%d/%d"
        .formatted(
            address >> 24 & 255,
            address >> 16 & 255,
            address >> 8 & 255,
            address & 255,
            nodePrefix);
  }

  /**
   * The book of ranges with an entry for the node.
   *
   * @param book ranges by node, as recorded
   * @param inUse ranges by node, as the nodes say; of nodes that are gone there is nothing
   * @return empty if no range is free
   */
  Optional<Map<String, String>> entered(
      Map<String, String> book, Map<String, String> inUse, String node) {
    Map<String, String> next = new LinkedHashMap<>(book);
    next.putAll(inUse);
    if (!next.containsKey(node)) {
      Optional<String> free = free(next.values());
      if (free.isEmpty()) {
        return Optional.empty();
      }
      next.put(node, free.get());
    }
    return Optional.of(next);
  }
}
