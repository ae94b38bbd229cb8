package dev.nacelle.kernel.netlink;

/** System call numbers in use here: arm64's and x86-64's tables differ. */
final class Syscalls {
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");
  static final long CLOSE = ARM ? 57 : 3;
  static final long OPENAT = ARM ? 56 : 257;
  static final long SETNS = ARM ? 268 : 308;
  static final long UNSHARE = ARM ? 97 : 272;
  static final long SOCKET = ARM ? 198 : 41;
  static final long BIND = ARM ? 200 : 49;
  static final long SENDTO = ARM ? 206 : 44;
  static final long RECVFROM = ARM ? 207 : 45;
  static final long SETSOCKOPT = ARM ? 208 : 54;
  static final long GETSOCKOPT = ARM ? 209 : 55;

  private Syscalls() {}
}
