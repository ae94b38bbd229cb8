/* Namespaces: made here, held by descriptors and, for a keeper that dies, by pins below ns/. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <dirent.h>
#include <unistd.h>

#define NSFS_MAGIC 0x6e736673
#define NS_GET_PID_FROM_PIDNS _IOR(0xb7, 6, int)
#define KINDS 4 /* the bits of SANDBOX_*, lowest first */
#define MAX_SANDBOXES 8192
#define MAX_POOL 256
#define MAX_GRAVES 128
/* Making and ending a network namespace take the lock that the start of a pod needs: both wait
   until no pod has started for so long. */
#define REFILL_AFTER_MS 50
#define BURY_AFTER_MS 250

static const char *const names[KINDS] = {"net", "ipc", "uts", "pid"};
static const int clone_flags[KINDS] = {CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWPID};

struct sandbox {
  char id[101];
  int fds[KINDS]; /* -1 where it is the host's */
  pid_t init;     /* with SANDBOX_PID: our child, -1 once it has ended, 0 if a dead keeper's */
  struct sandbox *next;
};

static struct sandbox *sandboxes;
static size_t sandbox_count;
static int host[3] = {-1, -1, -1};
static int pins = -1; /* RUN/ns */
static int pool[MAX_POOL][3];
static uint32_t pool_count, pool_wanted;
static bool pool_failed; /* do not spin when the kernel refuses */
static int graves[MAX_GRAVES]; /* network namespaces that nobody uses any more */
static int grave_count;
static uint64_t last_start_ms;
static struct message answer;

static struct sandbox *find(const char *id) {
  struct sandbox *s = sandboxes;
  while (s && strcmp(s->id, id) != 0) s = s->next;
  return s;
}

static struct sandbox *insert(const char *id) {
  struct sandbox *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  snprintf(s->id, sizeof s->id, "%s", id);
  for (int i = 0; i < KINDS; i++) s->fds[i] = -1;
  s->next = sandboxes;
  sandboxes = s;
  sandbox_count++;
  return s;
}

/* All at once: the kernel then waits for its readers once. */
static void close_graves(void) {
  while (grave_count > 0) close(graves[--grave_count]);
}

static void bury(int *fd) {
  if (*fd < 0) return;
  if (grave_count == MAX_GRAVES) close_graves();
  graves[grave_count++] = *fd;
  *fd = -1;
}

static void drop(struct sandbox *s) {
  for (struct sandbox **p = &sandboxes; *p; p = &(*p)->next)
    if (*p == s) {
      *p = s->next;
      break;
    }
  bury(&s->fds[0]);
  for (int i = 0; i < KINDS; i++) close_if(&s->fds[i]);
  free(s);
  sandbox_count--;
}

static int open_own(int kind) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/ns/%s", names[kind]);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* Back to the host's namespaces. Staying in a foreign one would corrupt what comes next. */
static void go_home(void) {
  for (int i = 0; i < 3; i++)
    if (setns(host[i], clone_flags[i]) != 0) _exit(72);
}

static int loopback_up(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  int error = ioctl(fd, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  close(fd);
  return error;
}

/* Makes fresh namespaces of the first three kinds in flags; the others stay -1. */
static int make(uint32_t flags, int fds[3]) {
  int unshare_flags = 0, error = 0;
  for (int i = 0; i < 3; i++) {
    fds[i] = -1;
    if (flags & (1u << i)) unshare_flags |= clone_flags[i];
  }
  if (!unshare_flags) return 0;
  if (unshare(unshare_flags) != 0) return errno;
  for (int i = 0; i < 3 && !error; i++)
    if ((flags & (1u << i)) && (fds[i] = open_own(i)) < 0) error = errno;
  if (!error && (flags & SANDBOX_NET)) error = loopback_up();
  go_home();
  if (error)
    for (int i = 0; i < 3; i++) close_if(&fds[i]);
  return error;
}

/* Hostname and sysctls, from inside; the text of what failed in what. */
static int configure(struct sandbox *s, const char *hostname, struct message *m, char *what,
                     size_t what_size) {
  int error = 0;
  for (int i = 0; i < 3 && !error; i++)
    if (s->fds[i] >= 0 && setns(s->fds[i], clone_flags[i]) != 0) error = errno;
  if (error) snprintf(what, what_size, "enter its namespaces");
  if (!error && s->fds[2] >= 0 && hostname[0] && sethostname(hostname, strlen(hostname)) != 0) {
    error = errno;
    snprintf(what, what_size, "set the hostname '%s'", hostname);
  }
  uint32_t count = msg_get_u32(m);
  for (uint32_t i = 0; i < count && i < 256 && !error; i++) {
    char name[256], value[1024], path[300];
    msg_get_string(m, name, sizeof name);
    msg_get_string(m, value, sizeof value);
    if (m->bad || strstr(name, "..") || name[0] == '/') {
      error = EINVAL;
    } else {
      snprintf(path, sizeof path, "/proc/sys/%s", name);
      error = write_file_at(AT_FDCWD, path, value);
    }
    if (error) snprintf(what, what_size, "set the sysctl '%s'", name);
  }
  go_home();
  return error;
}

/* The first process of a shared PID namespace: reaps, and ends with the sandbox. */
static void init_main(void) {
  syscall(SYS_close_range, 0u, ~0u, 0);
  prctl(PR_SET_NAME, "nacelle-init");
  prctl(PR_SET_DUMPABLE, 0); /* containers share its namespace */
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_SETMASK, &set, NULL);
  for (;;) {
    int got;
    sigwait(&set, &got);
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
  }
}

static int make_pid_namespace(struct sandbox *s) {
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno;
  if (pid == 0) {
    for (int i = 0; i < 3; i++)
      if (s->fds[i] >= 0) setns(s->fds[i], clone_flags[i]);
    init_main();
  }
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
  s->init = pid;
  s->fds[3] = open(path, O_RDONLY | O_CLOEXEC);
  return s->fds[3] >= 0 ? 0 : errno;
}

/* --- pins: RUN/ns/ID/{net,ipc,uts,pid} --- */

static void unpin(const char *id) {
  char path[160];
  for (int i = 0; i < KINDS; i++) {
    char own[200];
    snprintf(path, sizeof path, "%s/%s", id, names[i]);
    snprintf(own, sizeof own, "/proc/self/fd/%d/%s", pins, path);
    umount2(own, MNT_DETACH);
    unlinkat(pins, path, 0);
  }
  unlinkat(pins, id, AT_REMOVEDIR);
}

static int pin(struct sandbox *s) {
  if (mkdirat(pins, s->id, 0700) != 0 && errno != EEXIST) return errno;
  for (int i = 0; i < KINDS; i++) {
    if (s->fds[i] < 0) continue;
    char path[160], target[200], source[64];
    snprintf(path, sizeof path, "%s/%s", s->id, names[i]);
    int fd = openat(pins, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    close(fd);
    snprintf(target, sizeof target, "/proc/self/fd/%d/%s", pins, path);
    snprintf(source, sizeof source, "/proc/self/fd/%d", s->fds[i]);
    if (mount(source, target, NULL, MS_BIND, NULL) != 0) return errno;
  }
  return 0;
}

/* Finds what a dead keeper pinned; leftovers of an earlier boot are plain files. */
static void adopt_pins(void) {
  DIR *d = fdopendir(openat(pins, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct dirent *e;
  while (d && (e = readdir(d))) {
    if (!id_is_valid(e->d_name) || sandbox_count >= MAX_SANDBOXES) continue;
    struct sandbox *s = insert(e->d_name);
    if (!s) break;
    bool any = false;
    for (int i = 0; i < KINDS; i++) {
      char path[400];
      struct statfs fs;
      snprintf(path, sizeof path, "%s/%s", e->d_name, names[i]);
      int fd = openat(pins, path, O_RDONLY | O_CLOEXEC);
      if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC) {
        s->fds[i] = fd;
        any = true;
      } else if (fd >= 0) {
        close(fd);
      }
    }
    if (any) continue;
    unpin(s->id);
    drop(s);
  }
  if (d) closedir(d);
}

void sandboxes_open(void) {
  for (int i = 0; i < 3; i++) host[i] = open_own(i);
  mkdirat(run_directory, "ns", 0700);
  pins = openat(run_directory, "ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (pins < 0 || host[0] < 0 || host[1] < 0 || host[2] < 0) _exit(73);
  adopt_pins();
}

/* --- the pool --- */

void pool_target(uint32_t count) {
  pool_wanted = count > MAX_POOL ? MAX_POOL : count;
  pool_failed = false;
  while (pool_count > pool_wanted) {
    pool_count--;
    for (int i = 0; i < 3; i++) close_if(&pool[pool_count][i]);
  }
}

static bool pool_is_short(void) { return !pool_failed && pool_count < pool_wanted; }

int sandboxes_idle_in(void) {
  uint64_t after = pool_is_short() ? REFILL_AFTER_MS : BURY_AFTER_MS;
  if (!pool_is_short() && grave_count == 0) return -1;
  uint64_t since = monotonic_ms() - last_start_ms;
  return last_start_ms == 0 || since >= after ? 0 : (int)(after - since);
}

void sandboxes_idle(void) {
  if (!pool_is_short()) {
    close_graves();
  } else if (make(SANDBOX_NET | SANDBOX_IPC | SANDBOX_UTS, pool[pool_count]) == 0) {
    pool_count++;
  } else {
    pool_failed = true;
  }
}

/* Three namespaces from the pool, those that are not wanted let go. */
static bool take_pooled(struct sandbox *s, uint32_t flags) {
  if (pool_count == 0 || !(flags & SANDBOX_NET)) return false;
  pool_count--;
  for (int i = 0; i < 3; i++) {
    s->fds[i] = pool[pool_count][i];
    if (!(flags & (1u << i))) close_if(&s->fds[i]);
  }
  return true;
}

/* --- requests --- */

/* The first process of a pid namespace, 0 where it has none: for one that another keeper started. */
static pid_t init_of(int namespace) {
  long pid = ioctl(namespace, NS_GET_PID_FROM_PIDNS, 1); /* since Linux 6.11 */
  if (pid > 0 || errno == ESRCH) return pid > 0 ? (pid_t)pid : 0;
  struct stat wanted, own;
  DIR *all = fstat(namespace, &wanted) == 0 ? opendir("/proc") : NULL;
  pid = 0;
  for (struct dirent *entry; all && pid == 0 && (entry = readdir(all));) {
    char path[300], line[400];
    unsigned inside = 0;
    snprintf(path, sizeof path, "/proc/%s/ns/pid", entry->d_name);
    if (atoi(entry->d_name) == 0 || stat(path, &own) != 0 || own.st_ino != wanted.st_ino) continue;
    snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
      if (sscanf(line, "NSpid: %*u %u", &inside) == 1) break;
    if (status) fclose(status);
    if (inside == 1) pid = atoi(entry->d_name);
  }
  if (all) closedir(all);
  return (pid_t)pid;
}

static void destroy(struct sandbox *s) {
  /* whose child it is not may have ended, and its number be another's: ask for it now */
  pid_t init = s->init > 0 ? s->init : s->init == 0 && s->fds[3] >= 0 ? init_of(s->fds[3]) : 0;
  if (init > 0) kill(init, SIGKILL);
  unpin(s->id);
  drop(s);
}

void sandbox_ensure(int client, struct message *m) {
  char id[128], hostname[80], what[400] = "make its namespaces";
  msg_get_string(m, id, sizeof id);
  uint32_t flags = msg_get_u32(m);
  msg_get_string(m, hostname, sizeof hostname);
  if (m->bad || !id_is_valid(id) || (flags >> KINDS)) {
    msg_error(client, msg_id(m), EINVAL, "cannot make sandbox '%s': the request is malformed", id);
    return;
  }
  struct sandbox *s = find(id);
  bool made = !s;
  last_start_ms = monotonic_ms();
  if (!s) {
    int error = 0;
    s = sandbox_count < MAX_SANDBOXES ? insert(id) : NULL;
    if (!s) {
      msg_error(client, msg_id(m), ENOMEM, "cannot make sandbox '%s': there are too many", id);
      return;
    }
    pool_failed = false;
    unpin(id); /* a half-made one of a keeper that died */
    if (!take_pooled(s, flags)) error = make(flags, s->fds);
    if (!error) error = configure(s, hostname, m, what, sizeof what);
    if (!error && (flags & SANDBOX_PID)) error = make_pid_namespace(s);
    if (!error && (error = pin(s))) snprintf(what, sizeof what, "pin its namespaces");
    if (error) {
      destroy(s);
      msg_error(client, msg_id(m), error, "cannot make sandbox '%s': cannot %s: %s", id, what,
                strerror(error));
      return;
    }
  }
  msg_reply(&answer, msg_id(m));
  msg_u32(&answer, made);
  msg_u32(&answer, (uint32_t)(s->init == 0 && s->fds[3] >= 0 ? init_of(s->fds[3]) : s->init));
  msg_answer(client, &answer);
}

void sandbox_open(int client, struct message *m) {
  char id[128];
  msg_get_string(m, id, sizeof id);
  struct sandbox *s = find(id);
  if (m->bad || !s) {
    msg_error(client, msg_id(m), ENOENT, "cannot open sandbox '%s': there is none", id);
    return;
  }
  uint32_t flags = 0;
  for (int i = 0; i < KINDS; i++)
    if (s->fds[i] >= 0) flags |= 1u << i;
  msg_reply(&answer, msg_id(m));
  msg_u32(&answer, flags);
  for (int i = 0; i < KINDS; i++)
    if (s->fds[i] >= 0) msg_fd(&answer, s->fds[i]);
  msg_answer(client, &answer);
}

void sandbox_remove(int client, struct message *m) {
  char id[128];
  msg_get_string(m, id, sizeof id);
  struct sandbox *s = find(id);
  if (!m->bad && s) destroy(s);
  msg_reply(&answer, msg_id(m));
  msg_answer(client, &answer);
}

void sandbox_list(int client, struct message *m) {
  /* in order of ids, so that a reader can go on after the last one it got */
  char after[128];
  static const char *batch[400];
  uint32_t count = 0;
  msg_get_string(m, after, sizeof after);
  while (count < 400) {
    const char *last = count ? batch[count - 1] : after, *best = NULL;
    for (struct sandbox *s = sandboxes; s; s = s->next)
      if (strcmp(s->id, last) > 0 && (!best || strcmp(s->id, best) < 0)) best = s->id;
    if (!best) break;
    batch[count++] = best;
  }
  msg_reply(&answer, msg_id(m));
  msg_u32(&answer, count);
  for (uint32_t i = 0; i < count; i++) msg_string(&answer, batch[i]);
  msg_answer(client, &answer);
}

void sandboxes_remove_all(void) {
  while (sandboxes) destroy(sandboxes);
  close_graves();
  pool_target(0);
}

void sandbox_child_reaped(pid_t pid) {
  for (struct sandbox *s = sandboxes; s; s = s->next)
    if (s->init == pid) s->init = -1;
}

/* --- upgrade: pins bring the descriptors back; init processes and the pool are told --- */

void sandboxes_save(int state) {
  for (struct sandbox *s = sandboxes; s; s = s->next)
    if (s->init != 0) dprintf(state, "sandbox init %s %d\n", s->id, (int)s->init);
  dprintf(state, "sandbox pool %u\n", pool_wanted);
}

void sandboxes_load(const char *line) {
  char id[101];
  int number;
  unsigned count;
  if (sscanf(line, "init %100s %d", id, &number) == 2) {
    struct sandbox *s = find(id);
    if (s) s->init = number;
  } else if (sscanf(line, "pool %u", &count) == 1) {
    pool_target(count);
    processes_target(count);
  }
}
