/*
 * A container's file system. First, where the host's files are still in reach, every source is
 * taken as a detached tree; then, in a mount namespace that has nothing of the host, the root is
 * put over its empty root, and all the rest is mounted by names below it: nothing that an image or
 * a volume contains can lead anywhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "kernelcalls.h"
#include "process.h"
#include "start.h"

#define MAX_MOUNTS 1024
#define MAX_LINKS 40
#define PROC_MAGIC 0x9fa0
#define KINDS_OF_FLAGS 8

struct entry {
  const char *source, *target;
  char type[16], data[512];
  uint64_t flags, propagation;
  bool bind, recursive;
  int tree;
};

static struct entry entries[MAX_MOUNTS];
static int entry_count, root = -1, empty = -1;
static char hierarchies[4096]; /* of cgroups, as /proc/self/cgroup names them */

/* --- what is to be mounted --- */

static void take_word(struct entry *e, const char *word, size_t size) {
  static const struct {
    const char *word;
    uint64_t flag;
  } flags[KINDS_OF_FLAGS] = {{"ro", MS_RDONLY},         {"rw", 0},
                             {"nosuid", MS_NOSUID},     {"nodev", MS_NODEV},
                             {"noexec", MS_NOEXEC},     {"relatime", MS_RELATIME},
                             {"noatime", MS_NOATIME},   {"strictatime", MS_STRICTATIME}};
  char text[128];
  snprintf(text, sizeof text, "%.*s", (int)size, word);
  for (int i = 0; i < KINDS_OF_FLAGS; i++)
    if (strcmp(text, flags[i].word) == 0) {
      e->flags |= flags[i].flag;
      return;
    }
  if (strcmp(text, "bind") == 0) e->bind = true;
  else if (strcmp(text, "rbind") == 0) e->bind = e->recursive = true;
  else if (strcmp(text, "rprivate") == 0) e->propagation = MS_PRIVATE;
  else if (strcmp(text, "rslave") == 0) e->propagation = MS_SLAVE;
  else if (strcmp(text, "rshared") == 0) e->propagation = MS_SHARED;
  else {
    size_t n = strlen(e->data);
    if (n + size + 2 > sizeof e->data || size >= sizeof text)
      child_error(EINVAL, "cannot mount %s: too many options", e->target);
    snprintf(e->data + n, sizeof e->data - n, "%s%s", n ? "," : "", text);
  }
}

/* Each mount is three entries of the configuration: mount=TYPE WORDS, source=, target=. */
static void read_entries(void) {
  const char *mount_at = NULL, *source_at = NULL, *target_at = NULL, *words;
  while ((words = config_next("mount", &mount_at))) {
    if (entry_count == MAX_MOUNTS) child_error(E2BIG, "cannot make more than %d mounts", MAX_MOUNTS);
    struct entry *e = &entries[entry_count++];
    e->tree = -1;
    e->source = config_next("source", &source_at);
    e->target = config_next("target", &target_at);
    if (!e->source || !e->target) child_error(EINVAL, "cannot read the mounts");
    size_t n = strcspn(words, " ");
    snprintf(e->type, sizeof e->type, "%.*s", (int)n, words);
    for (words += n; *words; words += n) {
      words += *words == ' ';
      n = strcspn(words, " ");
      take_word(e, words, n);
    }
  }
}

static void take_tree(struct entry *e) {
  e->tree = open_tree_(AT_FDCWD, e->source, TREE_CLONE | (e->recursive ? TREE_RECURSIVE : 0));
  struct mount_attributes attributes = {
      .set = e->flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC), .propagation = e->propagation};
  bool good = e->tree >= 0;
  if (good && e->recursive && e->propagation) {
    good = mount_setattr_(e->tree, TREE_RECURSIVE, (struct mount_attributes){.propagation = e->propagation}) == 0;
    attributes.propagation = 0;
  }
  if (good && (attributes.set || attributes.propagation)) good = mount_setattr_(e->tree, 0, attributes) == 0;
  if (!good) child_error(errno, "error mounting \"%s\" to rootfs at \"%s\"", e->source, e->target);
}

void mounts_prepare(void) {
  bool any_cgroup = false;
  const char *path = config("rootfs");
  root = open_tree_(AT_FDCWD, path, TREE_CLONE | TREE_RECURSIVE);
  if (root < 0 || mount_setattr_(root, TREE_RECURSIVE, (struct mount_attributes){.propagation = MS_SLAVE}) != 0)
    child_error(errno, "cannot use the root file system %s", path);
  read_entries();
  for (int i = 0; i < entry_count; i++) {
    if (entries[i].bind) take_tree(&entries[i]);
    any_cgroup |= strcmp(entries[i].type, "cgroup") == 0;
  }
  if (any_cgroup && read_file_at(AT_FDCWD, "/proc/self/cgroup", hierarchies, sizeof hierarchies) <= 0)
    child_error(errno, "cannot read /proc/self/cgroup");
}

/* --- names in the container; this process's root is the container's --- */

enum want { WANT_DIRECTORY, WANT_FILE, WANT_PARENT };

static int opened(int parent, const char *name, size_t size, bool last_file) {
  char text[256];
  if (size >= sizeof text) {
    errno = ENAMETOOLONG;
    return -1;
  }
  snprintf(text, sizeof text, "%.*s", (int)size, name);
  for (int attempt = 0; attempt < 3; attempt++) {
    int fd = openat(parent, text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT) return fd;
    int made = last_file ? openat(parent, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755)
                         : mkdirat(parent, text, 0755);
    if (made < 0 && errno != EEXIST) return -1;
    if (last_file && made >= 0) close(made);
  }
  return -1;
}

/* Walks step by step, making what is missing; links count within the root, dangling ones too. */
static int walk(const char *path, bool last_file) {
  static char rest[8192], link[4096], joined[8192];
  int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), links = 0;
  snprintf(rest, sizeof rest, "%s", path);
  for (char *p = rest; at >= 0;) {
    p += strspn(p, "/");
    size_t n = strcspn(p, "/");
    if (n == 0) return at;
    bool last = p[n + strspn(p + n, "/")] == 0;
    int next = opened(at, p, n, last && last_file);
    struct stat st;
    if (next >= 0 && fstat(next, &st) == 0 && S_ISLNK(st.st_mode)) {
      ssize_t size = readlinkat(next, "", link, sizeof link - 1);
      close(next);
      if (size <= 0 || ++links > MAX_LINKS) {
        close(at);
        errno = ELOOP;
        return -1;
      }
      link[size] = 0;
      snprintf(joined, sizeof joined, "%s/%s", link, p + n);
      snprintf(rest, sizeof rest, "%s", joined);
      p = rest;
      if (link[0] != '/') continue;
      next = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
      close(at);
      at = next;
      continue;
    }
    int error = errno;
    close(at);
    errno = error;
    at = next;
    p += n;
  }
  return -1;
}

static int find(const char *path, uint64_t flags) {
  const char *relative = path + strspn(path, "/");
  return openat2_(root, relative[0] ? relative : ".", flags | O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGIC);
}

/* The place a mount goes to, made if it is missing. */
static int place(const struct entry *e, bool file) {
  int fd = find(e->target, 0);
  if (fd < 0 && errno == ENOENT) fd = walk(e->target, file);
  if (fd < 0) child_error(errno, "error mounting \"%s\" to rootfs at \"%s\"", e->source, e->target);
  return fd;
}

/* --- mounts --- */

static _Noreturn void refuse(const struct entry *e, int error) {
  child_error(error, "error mounting \"%s\" to rootfs at \"%s\"", e->source, e->target);
}

/* What a container must not cover in /proc: the kernel's safety hangs on its files being real. */
static void check_proc(const struct entry *e, int target) {
  static const char *const free_to_use[] = {"/proc/cpuinfo",  "/proc/diskstats", "/proc/meminfo", "/proc/stat",
                                            "/proc/swaps",    "/proc/uptime",    "/proc/loadavg", "/proc/slabinfo",
                                            "/proc/net/dev"};
  struct statfs fs, source;
  if (fstatfs(target, &fs) != 0 || fs.f_type != PROC_MAGIC) return;
  if (fstatfs(e->tree, &source) == 0 && source.f_type == PROC_MAGIC) return;
  for (size_t i = 0; i < sizeof free_to_use / sizeof free_to_use[0]; i++)
    if (strcmp(e->target, free_to_use[i]) == 0) return;
  char text[600];
  snprintf(text, sizeof text, "error mounting \"%.200s\" to rootfs at \"%.200s\": it is inside /proc", e->source, e->target);
  child_failed(EPERM, text);
}

static void mount_bind(struct entry *e) {
  struct stat st;
  if (fstat(e->tree, &st) != 0) refuse(e, errno);
  int target = place(e, !S_ISDIR(st.st_mode));
  check_proc(e, target);
  if (move_mount_(e->tree, target, "", MOVE_TO_EMPTY) != 0) refuse(e, errno);
  close(target);
  close_if(&e->tree);
}

/* A new file system over the directory that is current. */
static void mount_here(const struct entry *e, const char *source, const char *name, const char *type, uint64_t flags,
                       const char *data) {
  if (mount(source, name, type, (unsigned long)flags, data[0] ? data : NULL) != 0) refuse(e, errno);
}

static void go_to(const struct entry *e, int fd) {
  if (fchdir(fd) != 0) refuse(e, errno);
  close(fd);
}

static void mount_hierarchies(const struct entry *e) {
  uint64_t flags = e->flags & ~(uint64_t)MS_RDONLY;
  mount_here(e, "cgroup", ".", "tmpfs", flags, "mode=755,size=1024k");
  int top = find(e->target, O_DIRECTORY);
  if (top < 0) refuse(e, errno);
  go_to(e, fcntl(top, F_DUPFD_CLOEXEC, 3));
  char *next;
  for (char *line = hierarchies; *line; line = next) {
    next = line + strcspn(line, "\n");
    if (*next) *next++ = 0;
    char *controllers = strchr(line, ':');
    char *end = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!end || end == controllers + 1) continue; /* the version 2 tree beside them */
    *end = 0;
    controllers++;
    const char *name = strncmp(controllers, "name=", 5) == 0 ? controllers + 5 : controllers;
    if (mkdir(name, 0755) != 0) refuse(e, errno);
    mount_here(e, "cgroup", name, "cgroup", e->flags, controllers);
    if (!strchr(name, ',')) continue;
    for (char *one = strtok(controllers, ","); one; one = strtok(NULL, ",")) {
      char together[256];
      snprintf(together, sizeof together, "%s", name);
      if (symlink(together, one) != 0 && errno != EEXIST) refuse(e, errno);
    }
  }
  if (e->flags & MS_RDONLY && mount_setattr_(top, 0, (struct mount_attributes){.set = MS_RDONLY}) != 0)
    refuse(e, errno);
  close(top);
}

static bool is_unified(void) { return strncmp(hierarchies, "0::", 3) == 0; }

static void mount_new(const struct entry *e) {
  bool fixed = strcmp(e->type, "proc") == 0 || strcmp(e->type, "sysfs") == 0;
  int target;
  if (fixed) {
    /* a link in their place would make every later name below them mean something else */
    target = openat2_(root, e->target + 1, O_PATH | O_CLOEXEC | O_DIRECTORY, RESOLVE_IN_ROOT_ | RESOLVE_NO_LINKS);
    if (target < 0 && (errno == ELOOP || errno == ENOTDIR)) {
      char text[400];
      snprintf(text, sizeof text, "filesystem \"%s\" must be mounted on ordinary directory: %.200s", e->type, e->target);
      child_failed(errno, text);
    }
    if (target < 0) target = place(e, false);
  } else {
    target = place(e, false);
  }
  go_to(e, target);
  if (strcmp(e->type, "cgroup") != 0)
    mount_here(e, e->source, ".", e->type, e->flags, e->data);
  else if (is_unified())
    mount_here(e, "cgroup", ".", "cgroup2", e->flags, "");
  else
    mount_hierarchies(e);
}

/* --- devices --- */

static void make_device(int directory, const char *name, mode_t type, dev_t device, mode_t mode, uid_t uid, gid_t gid) {
  if (mknodat(directory, name, type | mode, device) != 0) {
    if (errno == EEXIST) return;
    child_error(errno, "cannot make the device %s", name);
  }
  if ((uid || gid) && fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    child_error(errno, "cannot own the device %s", name);
}

static bool dev_is_given(void) {
  for (int i = 0; i < entry_count; i++)
    if (entries[i].bind && strcmp(entries[i].target, "/dev") == 0) return true;
  return false;
}

static void make_standard_devices(void) {
  static const struct {
    const char *name;
    unsigned major, minor;
  } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
  static const char *const links[][2] = {{"/proc/self/fd", "fd"},         {"/proc/self/fd/0", "stdin"},
                                         {"/proc/self/fd/1", "stdout"},   {"/proc/self/fd/2", "stderr"},
                                         {"/proc/kcore", "core"},         {"pts/ptmx", "ptmx"}};
  if (dev_is_given()) return;
  int dev = find("/dev", O_DIRECTORY);
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
    int directory = walk(parent, false);
    if (directory < 0) child_error(errno, "cannot make the device %s", path);
    make_device(directory, name, type == 'b' ? S_IFBLK : S_IFCHR, makedev(major, minor), (mode_t)mode, uid, gid);
    close(directory);
  }
}

void mounts_console(int terminal) {
  if (dev_is_given()) return;
  int target = walk("/dev/console", true);
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
  int fd = find(path, 0);
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) child_error(errno, "cannot cover %s", path);
  return fd;
}

static void cover_paths(void) {
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

/* --- all of it --- */

void mounts_enter(void) {
  empty = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (empty < 0 || move_mount_(root, AT_FDCWD, "/", 0) != 0 || fchdir(root) != 0 || chroot(".") != 0)
    child_error(errno, "cannot enter the root file system");
  for (int i = 0; i < entry_count; i++) {
    if (entries[i].bind)
      mount_bind(&entries[i]);
    else
      mount_new(&entries[i]);
  }
  make_standard_devices();
  make_given_devices();
  cover_paths();
  const char *cwd = config("cwd");
  int fd = cwd[0] ? find(cwd, 0) : -1;
  if (cwd[0] && fd < 0 && errno == ENOENT) fd = walk(cwd, false);
  if (cwd[0] && fd < 0) child_error(errno, "cannot make the working directory %s", cwd);
  close_if(&fd);
}

void mounts_finish(void) {
  if (config_flag("rootshared") && mount_setattr_(root, 0, (struct mount_attributes){.propagation = MS_SHARED}) != 0)
    child_error(errno, "cannot share the mounts of the root file system");
  if (config_flag("rootro") && mount_setattr_(root, 0, (struct mount_attributes){.set = MS_RDONLY}) != 0)
    child_error(errno, "cannot make the root file system read-only");
  if (chdir("/") != 0) child_error(errno, "cannot enter the root file system");
}
