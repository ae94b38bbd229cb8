/* System calls that not every C library wraps, by the names and numbers of the kernel's headers. */
#ifndef NACELLE_KERNELCALLS_H
#define NACELLE_KERNELCALLS_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#define SYS_close_range 436
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define CLONE3_INTO_CGROUP 0x200000000ull

enum {
  TREE_CLONE = 1,           /* OPEN_TREE_CLONE */
  MOVE_FROM_EMPTY = 4,      /* MOVE_MOUNT_F_EMPTY_PATH */
  MOVE_TO_EMPTY = 0x40,     /* MOVE_MOUNT_T_EMPTY_PATH */
  TREE_RECURSIVE = 0x8000,  /* AT_RECURSIVE */
  PATH_EMPTY = 0x1000,      /* AT_EMPTY_PATH */
  RANGE_CLOEXEC = 4,        /* CLOSE_RANGE_CLOEXEC */
};
enum { RESOLVE_NO_MAGIC = 2, RESOLVE_NO_LINKS = 4, RESOLVE_IN_ROOT_ = 0x10 };

struct open_how_ {
  uint64_t flags, mode, resolve;
};
struct mount_attributes {
  uint64_t set, clear, propagation, userns_fd;
};
struct clone_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
      set_tid_size, cgroup;
};

static inline int open_tree_(int directory, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, directory, path, flags | 02000000 /* O_CLOEXEC */);
}
static inline int move_mount_(int from, int to, const char *path, unsigned flags) {
  return (int)syscall(SYS_move_mount, from, "", to, path, flags | MOVE_FROM_EMPTY);
}
static inline int mount_setattr_(int tree, unsigned flags, struct mount_attributes attributes) {
  return (int)syscall(SYS_mount_setattr, tree, "", flags | PATH_EMPTY, &attributes, sizeof attributes);
}
static inline int openat2_(int directory, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how_ how = {flags, 0, resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
static inline int close_range_(unsigned first, unsigned last, unsigned flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}

#endif
