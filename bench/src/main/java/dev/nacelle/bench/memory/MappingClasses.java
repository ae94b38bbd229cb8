package dev.nacelle.bench.memory;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sorts the mappings of the platform's process by what they hold. */
final class MappingClasses {
  private static final long ARENA_BYTES = 64L << 20;
  private static final long GUARD_BYTES = 64 << 10;

  private MappingClasses() {}

  /** Resident and proportional sizes, in KiB. */
  record Size(long rssKib, long pssKib) {
    private Size plus(Size other) {
      return new Size(rssKib + other.rssKib, pssKib + other.pssKib);
    }
  }

  static Map<String, Size> sum(List<Mapping> mappings, JvmRegions regions) {
    Map<String, Size> sums = new TreeMap<>();
    for (int i = 0; i < mappings.size(); i++) {
      Mapping mapping = mappings.get(i);
      String name =
          regions.at(mapping.start()).orElse(mapping.name()).isEmpty()
              ? anonymous(mappings, i)
              : regions.at(mapping.start()).orElseGet(() -> named(mapping));
      sums.merge(name, new Size(mapping.rssKib(), mapping.pssKib()), Size::plus);
    }
    return sums;
  }

  private static String named(Mapping mapping) {
    String name = mapping.name();
    if (name.equals("[heap]")) {
      return "malloc: main arena";
    } else if (name.startsWith("[anon:")) {
      return "anonymous " + name;
    } else if (name.startsWith("[")) {
      return "kernel and main stack";
    } else if (name.endsWith("/aot") || name.endsWith(".jsa")) {
      return "start-up cache (AOT)";
    } else if (name.contains("/cluster/store/")) {
      return "files of the store";
    } else if (name.contains("rocksdb")) {
      return "code of the store's library";
    } else if (name.endsWith("/lib/modules") || name.endsWith(".jar")) {
      return "jars and JDK modules";
    } else if (name.contains(".so")) {
      return "code of libraries";
    }
    return "other files";
  }

  /**
   * Anonymous memory is told apart by its neighbours: glibc's arenas and stacks have their shape.
   */
  private static String anonymous(List<Mapping> mappings, int index) {
    Mapping mapping = mappings.get(index);
    if (mapping.start() % ARENA_BYTES == 0 && mapping.sizeBytes() <= ARENA_BYTES) {
      long end = mapping.end();
      if (index + 1 < mappings.size()
          && mappings.get(index + 1).start() == end
          && mappings.get(index + 1).access().startsWith("---")) {
        end = mappings.get(index + 1).end();
      }
      if ((end - mapping.start()) % ARENA_BYTES == 0) {
        return "malloc: thread arenas";
      }
    }
    if (index > 0) {
      Mapping below = mappings.get(index - 1);
      if (below.end() == mapping.start()
          && below.access().startsWith("---")
          && below.sizeBytes() <= GUARD_BYTES) {
        return "thread stacks";
      }
    }
    return "other anonymous (large mallocs, tables of the collector)";
  }
}
