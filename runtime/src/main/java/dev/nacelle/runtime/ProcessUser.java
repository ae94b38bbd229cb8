package dev.nacelle.runtime;

import java.util.List;

/** Numeric ids that a process runs as. */
public record ProcessUser(long uid, long gid, List<Long> supplementalGroups) {
  public static final ProcessUser ROOT = new ProcessUser(0, 0, List.of());

  private static final long MAX_ID = 0xFFFF_FFFEL;

  public ProcessUser {
    supplementalGroups = List.copyOf(supplementalGroups);
    check(uid);
    check(gid);
    supplementalGroups.forEach(ProcessUser::check);
  }

  private static void check(long id) {
    if (id < 0 || id > MAX_ID) {
      throw new IllegalArgumentException("cannot use " + id + " as a user or group id");
    }
  }
}
