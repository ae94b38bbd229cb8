/*
 * A further process in the container, without a runtime process: the helper joins the cgroups and
 * the namespaces of the first process, and clones the command as this monitor's own child. What
 * goes wrong before its execve comes back over a close-on-exec socket, whose end is the success.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"

#define MAX_EXECS 64
#define MAX_ARGUMENTS 4096
#define MAX_ENVIRONMENT 8192
#define MAX_SECCOMP 65536

static struct exec execs[MAX_EXECS];
/* The commands' numbers, which the kernel writes before they run: shared with the helpers. */
static int *numbers;
static struct message answer;
static int status_fd; /* in the children */

static int *number_of(const struct exec *e) { return &numbers[e - execs]; }

/* --- in the children --- */

static void say_failure(const char *what, int error) {
  char text[512];
  int n = snprintf(text, sizeof text, "E%d %s", error, what);
  send(status_fd, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1, MSG_NOSIGNAL);
  _exit(127);
}

static void check(bool good, const char *what) {
  if (!good) say_failure(what, errno);
}

static void send_terminal(int master) {
  struct iovec part = {"T", 1};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } room;
  struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.space, .msg_controllen = sizeof room.space};
  memset(&room, 0, sizeof room);
  struct cmsghdr *c = CMSG_FIRSTHDR(&h);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &master, sizeof master);
  check(sendmsg(status_fd, &h, MSG_NOSIGNAL) == 1, "hand over the terminal");
}

static int make_terminal(uint32_t columns, uint32_t rows, uid_t uid) {
  int unlock = 0;
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(master >= 0, "open /dev/ptmx");
  check(ioctl(master, TIOCSPTLCK, &unlock) == 0, "unlock the terminal");
  int slave = ioctl(master, _IO('T', 0x41) /* TIOCGPTPEER */, O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(slave >= 0, "open the terminal");
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (columns && rows) ioctl(master, TIOCSWINSZ, &size);
  if (fchown(slave, uid, (gid_t)-1) != 0 && errno != EPERM && errno != EROFS) check(false, "own the terminal");
  send_terminal(master);
  close(master);
  return slave;
}

/* The limits of the container's first process; they are never above ours. */
static void take_limits(pid_t init) {
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, init, i, NULL, &limit) == 0) syscall(SYS_prlimit64, 0, i, &limit, NULL);
  }
}

struct filter_program {
  unsigned short length;
  void *filter;
};

static size_t load_seccomp(uint8_t *program) {
  const char *path = config("seccomp");
  if (!path[0]) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd >= 0, "open the seccomp program");
  ssize_t n = read(fd, program, MAX_SECCOMP);
  check(n >= 0 && n % 8 == 0 && n / 8 < 65536, "read the seccomp program");
  close(fd);
  return (size_t)n;
}

static void apply_seccomp(uint8_t *program, size_t size) {
  if (size == 0) return;
  struct filter_program p = {(unsigned short)(size / 8), program};
  check(prctl(PR_SET_SECCOMP, 2 /* FILTER */, &p) == 0, "load the seccomp program");
}

static void take_identity(uint64_t capabilities, bool no_new_privileges, uint8_t *program, size_t size) {
  static gid_t groups[1024];
  int count = 0;
  uid_t uid = (uid_t)strtoul(config("uid"), NULL, 10);
  gid_t gid = (gid_t)strtoul(config("gid"), NULL, 10);
  const char *at = NULL, *group;
  while (count < 1024 && (group = config_next("group", &at))) groups[count++] = (gid_t)strtoul(group, NULL, 10);
  for (int c = 0; c < 64; c++)
    if (!(capabilities & 1ull << c) && prctl(PR_CAPBSET_READ, c) == 1)
      check(prctl(PR_CAPBSET_DROP, c) == 0, "drop a capability");
  if (!no_new_privileges) apply_seccomp(program, size);
  check(prctl(PR_SET_KEEPCAPS, 1) == 0, "keep capabilities");
  check(setgroups((size_t)count, groups) == 0, "set the groups");
  check(setresgid(gid, gid, gid) == 0, "set the group");
  check(setresuid(uid, uid, uid) == 0, "set the user");
  struct {
    uint32_t version;
    int pid;
  } header = {0x20080522, 0};
  struct {
    uint32_t effective, permitted, inheritable;
  } sets[2] = {{(uint32_t)capabilities, (uint32_t)capabilities, 0},
               {(uint32_t)(capabilities >> 32), (uint32_t)(capabilities >> 32), 0}};
  check(syscall(SYS_capset, &header, sets) == 0, "set the capabilities");
  if (no_new_privileges) {
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "forbid new privileges");
    apply_seccomp(program, size);
  }
}

static const char *home_of(uid_t uid) {
  static char line[2048], home[1024];
  FILE *f = fopen("/etc/passwd", "re");
  while (f && fgets(line, sizeof line, f)) {
    unsigned number;
    if (sscanf(line, "%*[^:]:%*[^:]:%u:%*[^:]:%*[^:]:%1023[^:\n]", &number, home) == 2 && number == uid) {
      fclose(f);
      return home;
    }
  }
  if (f) fclose(f);
  return uid == 0 ? "/root" : "/";
}

static void execute(char **arguments, bool tty) {
  static char *environment[MAX_ENVIRONMENT + 3];
  static char home[1100];
  int count = 0;
  const char *at = NULL, *value, *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  bool has_home = false, has_term = false;
  while (count < MAX_ENVIRONMENT && (value = config_next("env", &at))) {
    environment[count++] = (char *)value;
    if (strncmp(value, "PATH=", 5) == 0) path = value + 5;
    if (strncmp(value, "HOME=", 5) == 0) has_home = true;
    if (strncmp(value, "TERM=", 5) == 0) has_term = true;
  }
  if (!has_home) {
    snprintf(home, sizeof home, "HOME=%s", home_of(getuid()));
    environment[count++] = home;
  }
  if (tty && !has_term) environment[count++] = "TERM=xterm";
  if (strchr(arguments[0], '/')) {
    execve(arguments[0], arguments, environment);
    say_failure("execute the command", errno);
  }
  int error = ENOENT;
  for (const char *p = path; *p;) {
    static char file[8192];
    size_t n = strcspn(p, ":");
    snprintf(file, sizeof file, "%.*s/%s", (int)(n < 4096 ? n : 4096), n ? p : ".", arguments[0]);
    execve(file, arguments, environment);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    p += n + (p[n] == ':');
  }
  say_failure("find the command in $PATH", error);
}

static void command_main(struct exec *e, int ends[3], char **arguments, uint32_t columns, uint32_t rows,
                         uint8_t *program, size_t program_size) {
  bool tty = (e->flags & STDIO_TTY) != 0;
  uid_t uid = (uid_t)strtoul(config("uid"), NULL, 10);
  setsid();
  if (tty) {
    int slave = make_terminal(columns, rows, uid);
    check(ioctl(slave, TIOCSCTTY, 0) == 0, "take the terminal");
    for (int i = 0; i < 3; i++) ends[i] = slave;
  }
  if (ends[0] < 0) ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (ends[0] < 0 && !tty) ends[0] = fcntl(2, F_DUPFD_CLOEXEC, 3); /* no /dev/null in it: the host's */
  for (int i = 0; i < 3; i++) {
    if (!tty && ends[i] >= 0 && fchown(ends[i], uid, (gid_t)-1) != 0 && errno == EBADF) check(false, "own a stream");
    check(dup2(ends[i], i) >= 0, "set the standard streams");
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  const char *cwd = config("cwd");
  take_identity(strtoull(config("caps"), NULL, 16), config_flag("nnp"), program, program_size);
  check(chdir(cwd[0] ? cwd : "/") == 0, "change to the working directory");
  umask(022);
  execute(arguments, tty);
}

static void helper_main(struct exec *e, int ends[3], char **arguments, uint32_t columns, uint32_t rows) {
  static uint8_t program[MAX_SECCOMP];
  size_t program_size = load_seccomp(program);
  join_cgroups();
  take_limits(shared->init_pid);
  check(syscall(SYS_setns, init_pidfd,
                CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0,
        "enter the container");
  /* the command may have ended before this helper runs again */
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, 0, number_of(e), 0, 0);
  check(pid >= 0, "make a process in the container");
  if (pid == 0) command_main(e, ends, arguments, columns, rows, program, program_size);
  _exit(0);
}

/* --- in the monitor --- */

bool exec_any(void) {
  for (int i = 0; i < MAX_EXECS; i++)
    if (execs[i].id) return true;
  return false;
}

static void release(struct exec *e) {
  loop_close(&e->status);
  for (int i = 0; i < 3; i++) close_if(&e->ends[i]);
  close_if(&e->terminal);
  memset(e, 0, sizeof *e);
  e->status.fd = -1;
}

static void finish_if_over(struct exec *e) {
  if (!e->exited || !(e->started || e->failed)) return;
  if (e->client && e->started) {
    int signal = WIFSIGNALED(e->exit_status) ? WTERMSIG(e->exit_status) : 0;
    msg_begin(&answer, EVENT_EXEC_EXITED, e->id);
    msg_u32(&answer, (uint32_t)(signal ? 128 + signal : WEXITSTATUS(e->exit_status)));
    msg_u32(&answer, (uint32_t)signal);
    client_reply(e->client, &answer);
  }
  release(e);
}

static void started(struct exec *e) {
  loop_close(&e->status);
  e->pid = *number_of(e);
  if (e->failed || !e->pid) {
    if (!e->failed && e->client) client_error(e->client, e->id, EIO, "cannot start the command: the helper died");
    e->failed = true;
    if (!e->pid) e->exited = true;
    finish_if_over(e);
    return;
  }
  e->started = true;
  if (e->client) {
    msg_reply(&answer, e->id);
    msg_u32(&answer, (uint32_t)e->pid);
    if (e->flags & STDIO_TTY) {
      if (e->terminal >= 0) msg_fd(&answer, e->terminal);
    } else {
      for (int i = 0; i < 3; i++)
        if (e->ends[i] >= 0) msg_fd(&answer, e->ends[i]);
    }
    client_reply(e->client, &answer);
  }
  for (int i = 0; i < 3; i++) close_if(&e->ends[i]);
  close_if(&e->terminal);
  finish_if_over(e);
}

static void status_ready(struct source *s, uint32_t events) {
  struct exec *e = (struct exec *)((char *)s - offsetof(struct exec, status));
  char text[600], error_text[800];
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } room;
  struct iovec part = {text, sizeof text - 1};
  struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.space, .msg_controllen = sizeof room.space};
  (void)events;
  ssize_t n = recvmsg(s->fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    started(e);
    return;
  }
  text[n] = 0;
  if (text[0] == 'T') {
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    close_if(&e->terminal);
    if (c && c->cmsg_type == SCM_RIGHTS) memcpy(&e->terminal, CMSG_DATA(c), sizeof e->terminal);
  }
  if (text[0] == 'E' && !e->failed) {
    e->failed = true;
    int error = atoi(text + 1);
    char *what = strchr(text, ' ');
    snprintf(error_text, sizeof error_text, "cannot%s: %s", what ? what : " start", strerror(error));
    if (e->client) client_error(e->client, e->id, error, error_text);
  }
}

static int make_pipes(struct exec *e, int theirs[3]) {
  for (int i = 0; i < 3; i++) {
    int p[2];
    if (e->flags & STDIO_TTY || (i == 0 && !(e->flags & STDIO_STDIN))) continue;
    if (pipe2(p, O_CLOEXEC) != 0) return errno;
    e->ends[i] = i == 0 ? p[1] : p[0];
    theirs[i] = i == 0 ? p[0] : p[1];
  }
  return 0;
}

static int launch(struct exec *e, char **arguments, uint32_t columns, uint32_t rows) {
  int theirs[3] = {-1, -1, -1}, pair[2] = {-1, -1};
  int error = make_pipes(e, theirs);
  *number_of(e) = 0;
  if (!error && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) error = errno;
  if (!error) {
    e->helper = fork();
    if (e->helper == 0) {
      close(pair[0]);
      status_fd = pair[1];
      helper_main(e, theirs, arguments, columns, rows);
    }
    if (e->helper < 0) error = errno;
  }
  for (int i = 0; i < 3; i++) close_if(&theirs[i]);
  close_if(&pair[1]);
  e->status = (struct source){pair[0], status_ready};
  if (!error) error = loop_add(&e->status, EPOLLIN);
  return error;
}

void exec_start(struct client *c, struct message *m) {
  static char room[MAX_MESSAGE];
  static char *arguments[MAX_ARGUMENTS + 1];
  uint32_t id = msg_id(m), flags = msg_get_u32(m), columns = msg_get_u32(m), rows = msg_get_u32(m);
  uint32_t count = msg_get_u32(m);
  size_t used = 0;
  if (count == 0 || count > MAX_ARGUMENTS) m->bad = true;
  for (uint32_t i = 0; i < count && !m->bad; i++) {
    msg_get_string(m, room + used, sizeof room - used);
    arguments[i] = room + used;
    used += strlen(room + used) + 1;
    if (used >= sizeof room) m->bad = true;
  }
  if (m->bad || id == 0) {
    client_error(c, id, EINVAL, "cannot start the command: the request is malformed");
    return;
  }
  arguments[count] = NULL;
  if (shared->state != STATE_RUNNING || init_pidfd < 0) {
    client_error(c, id, ESRCH, "cannot start the command: the container does not run");
    return;
  }
  if (!numbers) {
    void *p = mmap(NULL, sizeof(int) * MAX_EXECS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
      client_error(c, id, errno, strerror(errno));
      return;
    }
    numbers = p;
  }
  struct exec *e = NULL;
  for (int i = 0; i < MAX_EXECS && !e; i++)
    if (!execs[i].id) e = &execs[i];
  if (!e) {
    client_error(c, id, EAGAIN, "cannot start the command: too many run in this container");
    return;
  }
  *e = (struct exec){.client = c, .id = id, .flags = flags, .terminal = -1, .ends = {-1, -1, -1}, .status = {.fd = -1}};
  int error = launch(e, arguments, columns, rows);
  if (error) {
    client_error(c, id, error, strerror(error));
    release(e);
  }
}

void exec_client_gone(struct client *c) {
  for (int i = 0; i < MAX_EXECS; i++) {
    struct exec *e = &execs[i];
    if (!e->id || e->client != c) continue;
    e->client = NULL;
    int pid = *number_of(e);
    if (pid > 0 && !e->exited) {
      kill(-pid, SIGKILL); /* its session's first group; it may not lead one yet */
      kill(pid, SIGKILL);
    }
  }
}

bool exec_child_exited(pid_t pid, int status) {
  for (int i = 0; i < MAX_EXECS; i++) {
    struct exec *e = &execs[i];
    if (!e->id) continue;
    if (pid != *number_of(e) || e->exited) continue;
    e->exited = true;
    e->exit_status = status;
    finish_if_over(e);
    return true;
  }
  return false;
}
