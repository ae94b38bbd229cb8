/* A container's devices, and the paths that are hidden from it or made read-only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernelcalls.h"
#include "process.h"
#include "start.h"

static bool own_dev; /* /dev is not a volume */

static void make_device(int directory, const char *name, mode_t type, dev_t device, mode_t mode, uid_t uid, gid_t gid) {
  if (mknodat(directory, name, type | mode, device) != 0) {
    if (errno == EEXIST) return;
    child_error(errno, "cannot make the device %s", name);
  }
  if ((uid || gid) && fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    child_error(errno, "cannot own the device %s", name);
}

static void make_standard_devices(void) {
  static const struct {
    const char *name;
    unsigned major, minor;
  } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  static const char *const links[][2] = {{"/proc/self/fd", "fd"},         {"/proc/self/fd/0", "stdin"},
                                         {"/proc/self/fd/1", "stdout"},   {"/proc/self/fd/2", "stderr"},
                                         {"/proc/kcore", "core"},         {"pts/ptmx", "ptmx"}};
  int dev = path_find("/dev", O_DIRECTORY);
  child_check(dev >= 0, "open /dev");
  for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
    make_device(dev, nodes[i].name, S_IFCHR, makedev(nodes[i].major, nodes[i].minor), 0666, 0, 0);
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
    if (symlinkat(links[i][0], dev, links[i][1]) != 0 && errno != EEXIST)
      child_error(errno, "cannot link /dev/%s", links[i][1]);
  close(dev);
}

/* device=TYPE MAJOR MINOR MODE(octal) UID GID PATH */
static void make_given_devices(void) {
  const char *at = NULL, *value;
  while ((value = config_next("device", &at))) {
    char type;
    unsigned major, minor, mode, uid, gid;
    int n = 0;
    static char parent[4096];
    if (sscanf(value, "%c %u %u %o %u %u %n", &type, &major, &minor, &mode, &uid, &gid, &n) != 6 || value[n] != '/')
      child_error(EINVAL, "cannot read the device %s", value);
    const char *path = value + n, *name = strrchr(path, '/') + 1;
    snprintf(parent, sizeof parent, "%.*s", (int)(name - path), path);
    int directory = path_make(parent, false);
    if (directory < 0) child_error(errno, "cannot make the device %s", path);
    make_device(directory, name, type == 'b' ? S_IFBLK : S_IFCHR, makedev(major, minor), (mode_t)mode, uid, gid);
    close(directory);
  }
}

void devices_make(bool dev_is_given) {
  own_dev = !dev_is_given;
  if (own_dev) make_standard_devices();
  make_given_devices();
}

void devices_console(int terminal) {
  if (!own_dev) return;
  int target = path_make("/dev/console", true);
  int tree = open_tree_(terminal, "", TREE_CLONE | PATH_EMPTY);
  if (target < 0 || tree < 0 || move_mount_(tree, target, "", MOVE_TO_EMPTY) != 0)
    child_error(errno, "cannot make /dev/console");
  close(target);
  close(tree);
}

/* --- paths that are hidden or made read-only --- */

static void cover(int target, int tree, const char *path) {
  if (tree < 0 || move_mount_(tree, target, "", MOVE_TO_EMPTY) != 0) child_error(errno, "cannot cover %s", path);
  close(tree);
  close(target);
}

static int find_to_cover(const char *path) {
  int fd = path_find(path, 0);
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) child_error(errno, "cannot cover %s", path);
  return fd;
}

void paths_cover(int empty) {
  const char *at = NULL, *path;
  while ((path = config_next("readonly", &at))) {
    int target = find_to_cover(path);
    if (target < 0) continue;
    int tree = open_tree_(target, "", TREE_CLONE | TREE_RECURSIVE | PATH_EMPTY);
    if (tree >= 0 && mount_setattr_(tree, 0, (struct mount_attributes){.set = MS_RDONLY}) != 0)
      child_error(errno, "cannot make %s read-only", path);
    cover(target, tree, path);
  }
  at = NULL;
  while ((path = config_next("masked", &at))) {
    struct stat st;
    int target = find_to_cover(path);
    if (target < 0) continue;
    bool directory = fstat(target, &st) == 0 && S_ISDIR(st.st_mode);
    cover(target, open_tree_(empty, directory ? "empty" : "null", TREE_CLONE), path);
  }
}
