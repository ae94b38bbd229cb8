/*
 * What monitors start with. Their program lies in sealed memory: a container that gets hold of a
 * monitor about to enter it can read the program, and never write it. And a mount namespace with
 * nothing but an empty root: containers are built in copies of it, so that nothing of the host is
 * ever in theirs, and a start does not take longer where the host has many mounts.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"
#include "kernelcalls.h"

#define EXECUTABLE 0x10 /* MFD_EXEC, since Linux 6.3 */

int starter_program = -1, starter_mounts = -1;

static void read_program(void) {
  struct stat st;
  int from = open(monitor_path, O_RDONLY | O_CLOEXEC);
  int to = memfd_create("monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE);
  if (to < 0 && errno == EINVAL) to = memfd_create("monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  bool good = from >= 0 && to >= 0 && fstat(from, &st) == 0 && st.st_size > 0;
  for (off_t left = good ? st.st_size : 0; good && left > 0;) {
    ssize_t n = sendfile(to, from, NULL, (size_t)left);
    good = n > 0;
    left -= n;
  }
  good = good && fcntl(to, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
  /* above the numbers that a new monitor is given */
  if (good) starter_program = fcntl(to, F_DUPFD_CLOEXEC, 10);
  close_if(&from);
  close_if(&to);
}

/* In the helper: its namespace becomes a read-only root with an empty directory and a null device. */
static bool make_empty(void) {
  static const char *const options[3][2] = {{"mode", "755"}, {"size", "4k"}, {"nr_inodes", "3"}};
  /* the current directory is taken along into the new namespace, a descriptor is not */
  if (fchdir(run_directory) != 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return false;
  int fs = (int)syscall(SYS_fsopen, "tmpfs", 1 /* CLOEXEC */);
  for (int i = 0; fs >= 0 && i < 3; i++)
    if (syscall(SYS_fsconfig, fs, 1 /* SET_STRING */, options[i][0], options[i][1], 0) != 0) return false;
  if (fs < 0 || syscall(SYS_fsconfig, fs, 6 /* CMD_CREATE */, NULL, NULL, 0) != 0) return false;
  int tree = (int)syscall(SYS_fsmount, fs, 1 /* CLOEXEC */, MS_NOSUID | MS_NOEXEC);
  umask(0);
  return tree >= 0 && mkdirat(tree, "empty", 0555) == 0 && mknodat(tree, "null", S_IFCHR | 0666, makedev(1, 3)) == 0 &&
         move_mount_(tree, AT_FDCWD, ".", 0) == 0 && fchdir(tree) == 0 &&
         syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
         mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL) == 0 &&
         mount_setattr_(tree, 0, (struct mount_attributes){.set = MS_RDONLY}) == 0;
}

/* The calls that monitors need and that are not tried above. */
static bool kernel_has_the_rest(void) {
  int fd = openat2_(AT_FDCWD, "/", O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGIC);
  bool good = fd >= 0;
  close_if(&fd);
  int tree = open_tree_(run_directory, "", TREE_CLONE | PATH_EMPTY);
  good = good && tree >= 0;
  close_if(&tree);
  return good && syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL;
}

static void make_mounts(void) {
  int ready[2];
  char byte = 0, path[64];
  if (!kernel_has_the_rest() || pipe2(ready, O_CLOEXEC) != 0) return;
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    byte = make_empty();
    if (!byte) fprintf(stderr, "keeper: cannot make an empty mount namespace: %s\n", strerror(errno));
    if (write(ready[1], &byte, 1) == 1) pause();
    _exit(0);
  }
  close(ready[1]);
  if (pid > 0 && read(ready[0], &byte, 1) == 1 && byte) {
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
    starter_mounts = open(path, O_RDONLY | O_CLOEXEC);
  }
  close(ready[0]);
  if (pid > 0) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
}

void starter_open(void) {
  read_program();
  make_mounts();
}
