package dev.nacelle.kernel.mount;

/** Numbers of the system calls used here; those from 424 on are the same everywhere. */
record SyscallNumbers(
    long mount,
    long umount2,
    long statfs,
    long ioctl,
    long openat,
    long close,
    long fallocate,
    long fadvise64,
    long llistxattr,
    long lgetxattr,
    long lsetxattr,
    long mknodat,
    long fchmodat,
    long syncfs,
    long statx) {
  static final long MOVE_MOUNT = 429;
  static final long FSOPEN = 430;
  static final long FSCONFIG = 431;
  static final long FSMOUNT = 432;

  /** Those of this machine. */
  static final SyscallNumbers HERE =
      switch (System.getProperty("os.arch", "")) {
        case "aarch64" ->
            new SyscallNumbers(40, 39, 43, 29, 56, 57, 47, 223, 12, 9, 6, 33, 53, 267, 291);
        default ->
            new SyscallNumbers(
                165, 166, 137, 16, 257, 3, 285, 221, 195, 192, 189, 259, 268, 306, 332);
      };
}
