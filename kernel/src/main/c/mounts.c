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
#include <sys/vfs.h>

#include "kernelcalls.h"
#include "process.h"
#include "start.h"

#define MAX_MOUNTS 1024
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
static int entry_count, root = -1;
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

/* The place a mount goes to, made if it is missing. */
static int place(const struct entry *e, bool file) {
  int fd = path_find(e->target, 0);
  if (fd < 0 && errno == ENOENT) fd = path_make(e->target, file);
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
  int top = path_find(e->target, O_DIRECTORY);
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

/* --- all of it --- */

void mounts_enter(void) {
  int empty = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (empty < 0 || move_mount_(root, AT_FDCWD, "/", 0) != 0 || fchdir(root) != 0 || chroot(".") != 0)
    child_error(errno, "cannot enter the root file system");
  path_root = root;
  bool dev_is_given = false;
  for (int i = 0; i < entry_count; i++) {
    dev_is_given |= entries[i].bind && strcmp(entries[i].target, "/dev") == 0;
    if (entries[i].bind)
      mount_bind(&entries[i]);
    else
      mount_new(&entries[i]);
  }
  devices_make(dev_is_given);
  paths_cover(empty);
  const char *cwd = config("cwd");
  int fd = cwd[0] ? path_find(cwd, 0) : -1;
  if (cwd[0] && fd < 0 && errno == ENOENT) fd = path_make(cwd, false);
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
