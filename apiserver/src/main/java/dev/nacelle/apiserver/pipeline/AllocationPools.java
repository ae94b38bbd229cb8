package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.definition.Allocations;
import dev.nacelle.api.definition.Allocations.Pool;
import dev.nacelle.api.definition.Allocations.UnavailableException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import dev.nacelle.store.Transaction;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * The pools of cluster-wide unique values. Each value that is taken is a key of its own in the
 * store, made in the transaction of the object that takes it: two takers conflict, and a crash
 * leaks nothing.
 */
public final class AllocationPools {
  private static final String PREFIX = "/registry/allocations/";
  private static final int PROBES = 16;

  private final Store store;
  private final RandomGenerator random;
  private final Ranges ranges;

  /**
   * The ranges that values are taken from.
   *
   * @param serviceCidr such as {@code 10.128.0.0/16}; IPv4
   * @param usableNodePort false for a port that is taken on the host; not asked for a port that a
   *     service names
   */
  public record Ranges(
      String serviceCidr, int firstNodePort, int lastNodePort, IntPredicate usableNodePort) {

    /** The address at a place in the service range; the network's own is at 0. */
    public String serviceAddress(int index) {
      return address(networkOf(serviceCidr) + index);
    }

    int serviceAddresses() {
      return 1 << (32 - prefixLength(serviceCidr));
    }

    private static int prefixLength(String cidr) {
      return Integer.parseInt(cidr.substring(cidr.indexOf('/') + 1));
    }

    private static int networkOf(String cidr) {
      int prefix = prefixLength(cidr);
      int mask = prefix == 0 ? 0 : -1 << (32 - prefix);
      return number(cidr.substring(0, cidr.indexOf('/'))).orElseThrow() & mask;
    }
  }

  public AllocationPools(Store store, Ranges ranges, RandomGenerator random) {
    this.store = store;
    this.ranges = ranges;
    this.random = random;
  }

  /** Allocations of one attempt of a write. */
  Attempt begin() {
    return new Attempt();
  }

  /** What one attempt takes and gives back; for one thread. */
  final class Attempt implements Allocations {
    private final Map<String, Boolean> taken = new LinkedHashMap<>();

    @Override
    public String take(Pool pool, Optional<String> requested) throws UnavailableException {
      if (requested.isPresent()) {
        requireInRange(pool, requested.get());
        String key = key(pool, requested.get());
        if (!Boolean.FALSE.equals(taken.get(key)) && isTaken(key)) {
          throw new UnavailableException(
              pool == Pool.SERVICE_IP
                  ? "provided IP is already allocated"
                  : "provided port is already allocated");
        }
        note(key);
        return requested.get();
      }
      String free = free(pool);
      note(key(pool, free));
      return free;
    }

    private void note(String key) {
      if (Boolean.FALSE.equals(taken.get(key))) {
        taken.remove(key);
      } else {
        taken.put(key, true);
      }
    }

    @Override
    public void release(Pool pool, String value) {
      String key = key(pool, value);
      if (Boolean.TRUE.equals(taken.get(key))) {
        taken.remove(key);
      } else {
        taken.put(key, false);
      }
    }

    private boolean isTaken(String key) {
      return Boolean.TRUE.equals(taken.get(key))
          || store.range(RangeRequest.key(key)).first().isPresent();
    }

    private String free(Pool pool) throws UnavailableException {
      int size = size(pool);
      // the first values are left to those who ask for a certain one
      int reserved = Math.min(Math.max(16, size / 16), 256);
      if (size > 2 * reserved) {
        for (int i = 0; i < PROBES; i++) {
          int index = reserved + random.nextInt(size - reserved);
          if (isUsable(pool, index) && !isTaken(key(pool, value(pool, index)))) {
            return value(pool, index);
          }
        }
      }
      Set<String> all = allTaken(pool);
      for (int i = 0; i < size; i++) {
        int index = (i + reserved) % size;
        String value = value(pool, index);
        if (isUsable(pool, index) && !all.contains(key(pool, value))) {
          return value;
        }
      }
      throw new UnavailableException("range is full");
    }

    private Set<String> allTaken(Pool pool) {
      var request =
          RangeRequest.prefix(PREFIX + name(pool) + "/").with(RangeRequest.Option.KEYS_ONLY);
      Set<String> all =
          store.range(request).entries().stream()
              .map(e -> e.key())
              .collect(Collectors.toCollection(HashSet::new));
      taken.forEach(
          (key, isTaken) -> {
            if (isTaken) {
              all.add(key);
            } else {
              all.remove(key);
            }
          });
      return all;
    }

    /** Adds what was taken and given back to the transaction of the object. */
    void addTo(Transaction.Builder transaction) {
      taken.forEach(
          (key, isTaken) -> {
            if (isTaken) {
              transaction.ifAbsent(key).put(key, Bytes.utf8("{}"));
            } else {
              transaction.deleteKey(key);
            }
          });
    }
  }

  private boolean isUsable(Pool pool, int index) {
    return switch (pool) {
      // neither the address of the network nor the last one
      case SERVICE_IP -> index > 0 && index < size(pool) - 1;
      case NODE_PORT -> ranges.usableNodePort().test(ranges.firstNodePort() + index);
    };
  }

  private int size(Pool pool) {
    return switch (pool) {
      case SERVICE_IP -> ranges.serviceAddresses();
      case NODE_PORT -> ranges.lastNodePort() - ranges.firstNodePort() + 1;
    };
  }

  private String value(Pool pool, int index) {
    return switch (pool) {
      case SERVICE_IP -> ranges.serviceAddress(index);
      case NODE_PORT -> Integer.toString(ranges.firstNodePort() + index);
    };
  }

  private void requireInRange(Pool pool, String value) throws UnavailableException {
    switch (pool) {
      case SERVICE_IP -> {
        int first = number(ranges.serviceAddress(0)).orElseThrow();
        var address = number(value);
        if (address.isEmpty()
            || address.get() - first <= 0
            || address.get() - first >= size(pool) - 1) {
          throw new UnavailableException(
              "provided IP is not in the valid range. The range of valid IPs is "
                  + ranges.serviceCidr());
        }
      }
      case NODE_PORT -> {
        int port = Integer.parseInt(value);
        if (port < ranges.firstNodePort() || port > ranges.lastNodePort()) {
          throw new UnavailableException(
              "provided port is not in the valid range. The range of valid ports is "
                  + ranges.firstNodePort()
                  + "-"
                  + ranges.lastNodePort());
        }
      }
    }
  }

  private static String key(Pool pool, String value) {
    return PREFIX + name(pool) + "/" + value;
  }

  private static String name(Pool pool) {
    return switch (pool) {
      case SERVICE_IP -> "service-ips";
      case NODE_PORT -> "node-ports";
    };
  }

  private static Optional<Integer> number(String address) {
    String[] parts = address.split("\\.", -1);
    if (parts.length != 4) {
      return Optional.empty();
    }
    int result = 0;
    for (String part : parts) {
      if (part.isEmpty() || part.length() > 3 || !part.chars().allMatch(Character::isDigit)) {
        return Optional.empty();
      }
      int octet = Integer.parseInt(part);
      if (octet > 255) {
        return Optional.empty();
      }
      result = result << 8 | octet;
    }
    return Optional.of(result);
  }

  private static String address(int number) {
    try {
      return InetAddress.getByAddress(
              new byte[] {
                (byte) (number >> 24), (byte) (number >> 16), (byte) (number >> 8), (byte) number
              })
          .getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
