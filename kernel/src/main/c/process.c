/* Identity, streams, directory and command of a process that is about to become a container's. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kernelcalls.h"

#define MAX_ENVIRONMENT 8192
#define MAX_SECCOMP 65536
#define MAX_GROUPS 1024

void (*child_failed)(int error, const char *text) __attribute__((noreturn));

const char *error_words(int error) {
  static char words[128];
  snprintf(words, sizeof words, "%s", strerror(error));
  if (words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a') words[0] = (char)(words[0] - 'A' + 'a');
  return words;
}

_Noreturn void child_error(int error, const char *format, ...) {
  char text[640];
  va_list list;
  va_start(list, format);
  int n = vsnprintf(text, sizeof text - 140, format, list);
  va_end(list);
  if (n < 0 || (size_t)n >= sizeof text - 140) n = (int)strlen(text);
  snprintf(text + n, sizeof text - (size_t)n, ": %s", error_words(error));
  child_failed(error, text);
}

void child_check(bool good, const char *what) {
  if (!good) child_error(errno, "cannot %s", what);
}

/* --- cgroups --- */

const char *cgroups_join(const char *except) {
  const char *at = NULL, *path, *refused = NULL;
  int first = 0;
  while ((path = config_next("join", &at))) {
    char procs[4200];
    if (strcmp(path, except) == 0) continue;
    snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
    int error = write_file_at(AT_FDCWD, procs, "0");
    if (error && !refused) refused = path, first = error;
  }
  errno = first;
  return refused;
}

/* --- identity --- */

static uint8_t filter[MAX_SECCOMP];
static size_t filter_size;

uint32_t process_uid(void) { return (uint32_t)strtoul(config("uid"), NULL, 10); }

void seccomp_read(void) {
  const char *path = config("seccomp");
  if (!path[0]) return;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  child_check(fd >= 0, "open the seccomp program");
  ssize_t n = read(fd, filter, sizeof filter);
  child_check(n > 0 && n % 8 == 0, "read the seccomp program");
  close(fd);
  filter_size = (size_t)n;
}

static void seccomp_apply(void) {
  struct {
    unsigned short length;
    void *filter;
  } program = {(unsigned short)(filter_size / 8), filter};
  if (filter_size == 0) return;
  child_check(prctl(PR_SET_SECCOMP, 2 /* FILTER */, &program) == 0, "load the seccomp program");
}

void seccomp_apply_late(void) {
  if (config_flag("nnp")) seccomp_apply();
}

static void drop_bounding(uint64_t kept) {
  for (int c = 0; c < 64; c++) {
    int has = kept & 1ull << c ? 0 : prctl(PR_CAPBSET_READ, c);
    if (has < 0) return; /* above the last one of this kernel */
    if (has) child_check(prctl(PR_CAPBSET_DROP, c) == 0, "drop a capability");
  }
}

void identity_take(void) {
  static gid_t groups[MAX_GROUPS];
  int count = 0;
  uid_t uid = process_uid();
  gid_t gid = (gid_t)strtoul(config("gid"), NULL, 10);
  uint64_t kept = strtoull(config("caps"), NULL, 16);
  const char *at = NULL, *group;
  while ((group = config_next("group", &at))) {
    if (count == MAX_GROUPS) child_error(EINVAL, "cannot set more than %d groups", MAX_GROUPS);
    groups[count++] = (gid_t)strtoul(group, NULL, 10);
  }
  drop_bounding(kept);
  /* without no_new_privs a filter needs the rights that are dropped next */
  if (!config_flag("nnp")) seccomp_apply();
  child_check(prctl(PR_SET_KEEPCAPS, 1) == 0, "keep capabilities");
  child_check(setgroups((size_t)count, groups) == 0, "set the groups");
  child_check(setresgid(gid, gid, gid) == 0, "set the group");
  child_check(setresuid(uid, uid, uid) == 0, "set the user");
  struct {
    uint32_t version;
    int pid;
  } header = {0x20080522, 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } sets[2] = {{(uint32_t)kept, (uint32_t)kept, 0},
               {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0}};
  child_check(syscall(SYS_capset, &header, sets) == 0, "set the capabilities");
  if (config_flag("nnp")) child_check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "forbid new privileges");
}

void signals_reset(void) {
  /* also those that the C library keeps for itself, which some ancestor may have ignored */
  static const uint64_t by_default[4];
  for (long i = 1; i <= 64; i++) syscall(SYS_rt_sigaction, i, by_default, NULL, 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* --- streams --- */

static void send_terminal(int socket, int master) {
  struct iovec part = {"T", 1};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } room;
  struct msghdr h = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = room.space, .msg_controllen = sizeof room.space};
  memset(&room, 0, sizeof room);
  struct cmsghdr *c = CMSG_FIRSTHDR(&h);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &master, sizeof master);
  child_check(sendmsg(socket, &h, MSG_NOSIGNAL) == 1, "hand over the terminal");
}

int terminal_make(int socket, uint32_t columns, uint32_t rows) {
  int unlock = 0;
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  child_check(master >= 0, "open /dev/ptmx");
  child_check(ioctl(master, TIOCSPTLCK, &unlock) == 0, "unlock the terminal");
  int slave = ioctl(master, _IO('T', 0x41) /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC);
  child_check(slave >= 0, "open the terminal");
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (columns && rows) ioctl(master, TIOCSWINSZ, &size);
  if (fchown(slave, process_uid(), (gid_t)-1) != 0 && errno != EPERM && errno != EROFS)
    child_error(errno, "cannot own the terminal");
  send_terminal(socket, master);
  close(master);
  return slave;
}

/* The container's /dev/null where it is one; what an image or a volume put there may be anything. */
static int open_null(void) {
  struct stat st;
  int fd = open("/dev/null", O_PATH | O_CLOEXEC);
  bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
  close_if(&fd);
  return good ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
}

void streams_take(const int ends[3], bool terminal) {
  for (int i = 0; i < 3; i++) {
    int fd = ends[i];
    if (fd < 0) fd = open_null();
    if (fd < 0) fd = i; /* as the monitor's: the host's /dev/null */
    if (!terminal && ends[i] >= 0) fchown(fd, process_uid(), (gid_t)-1) /* not all kinds have owners */;
    child_check(dup2(fd, i) >= 0, "set the standard streams");
    if (fd == i) fcntl(i, F_SETFD, 0);
  }
}

/* --- directory --- */

static bool entered;

static bool enter(void) {
  const char *path = config("cwd");
  static char real[4096];
  if (chdir(path[0] ? path : "/") != 0) return false;
  /* a directory outside of the root has no name in it */
  if (!getcwd(real, sizeof real) || real[0] != '/')
    child_error(EACCES, "cannot use the working directory %s: it is outside of the container", path);
  return true;
}

void directory_enter_early(void) {
  entered = enter();
  if (!entered && errno != EACCES && errno != EPERM) child_error(errno, "cannot change to %s", config("cwd"));
}

void directory_enter_late(void) {
  if (!entered && !enter()) child_error(errno, "cannot change to %s", config("cwd"));
}

/* --- command --- */

static const char *home_of(uid_t uid) {
  static char line[2048], home[1024];
  struct stat st;
  int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  FILE *f = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
  while (f && fgets(line, sizeof line, f)) {
    unsigned number;
    if (sscanf(line, "%*[^:]:%*[^:]:%u:%*[^:]:%*[^:]:%1023[^:\n]", &number, home) == 2 && number == uid) {
      fclose(f);
      return home;
    }
  }
  if (f) fclose(f);
  else close_if(&fd);
  return "/";
}

static const char *search_path(void) {
  const char *at = NULL, *value;
  const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  while ((value = config_next("env", &at)))
    if (strncmp(value, "PATH=", 5) == 0) path = value + 5;
  return path;
}

static int cannot_execute(const char *file) {
  struct stat st;
  if (stat(file, &st) != 0) return errno;
  if (S_ISDIR(st.st_mode)) return EISDIR;
  return faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

const char *command_find(char *const *arguments) {
  static char file[8192];
  const char *name = arguments[0];
  if (strchr(name, '/')) {
    int error = cannot_execute(name);
    if (error == ENOENT || error == ENOTDIR) child_error(error, "exec: \"%s\": stat %s", name, name);
    if (error) child_error(error, "exec: \"%s\"", name);
    return name;
  }
  for (const char *p = search_path(); *p;) {
    size_t n = strcspn(p, ":");
    snprintf(file, sizeof file, "%.*s/%s", (int)(n < 4096 ? n : 4096), n ? p : ".", name);
    if (cannot_execute(file) == 0) return file;
    p += n + (p[n] == ':');
  }
  char text[600];
  snprintf(text, sizeof text, "exec: \"%.500s\": executable file not found in $PATH", name);
  child_failed(ENOENT, text);
}

_Noreturn void command_execute(const char *file, char *const *arguments, bool terminal) {
  static char *environment[MAX_ENVIRONMENT + 3];
  static char home[1100];
  int count = 0;
  const char *at = NULL, *value;
  bool has_home = false, has_term = false;
  while ((value = config_next("env", &at))) {
    if (count == MAX_ENVIRONMENT) child_error(E2BIG, "cannot set more than %d variables", MAX_ENVIRONMENT);
    environment[count++] = (char *)value;
    if (strncmp(value, "HOME=", 5) == 0) has_home = true;
    if (strncmp(value, "TERM=", 5) == 0) has_term = true;
  }
  if (!has_home) {
    snprintf(home, sizeof home, "HOME=%s", home_of(getuid()));
    environment[count++] = home;
  }
  if (terminal && !has_term) environment[count++] = "TERM=xterm";
  seccomp_apply_late();
  execve(file, arguments, environment);
  child_error(errno, "exec %s", file);
}
