/*
 * A further process in the container, without a runtime process: the helper joins the cgroups and
 * the namespaces of the first process, and clones the command as this monitor's own child. What
 * goes wrong before its execve comes back over a close-on-exec socket, whose end is the success.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernelcalls.h"
#include "process.h"

#define MAX_EXECS 64
#define MAX_ARGUMENTS 4096
#define STATUS 3 /* the status socket, in the command's process */

static struct exec execs[MAX_EXECS];
/* The command's process by the exec's place, shared with the helper: it stands there before the
   process runs, so that even one that ends at once is known. */
static volatile int32_t *numbers;
static struct message answer;
static int status_fd; /* in the children */

/* --- in the children --- */

static _Noreturn void say_failure(int error, const char *what) {
  char text[700];
  int n = snprintf(text, sizeof text, "E%d %s", error, what);
  send(status_fd, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1, MSG_NOSIGNAL);
  _exit(127);
}

/* The limits of the container's first process; they are never above ours. */
static void take_limits(pid_t init) {
  for (int i = 0; i < RLIM_NLIMITS; i++) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, init, i, NULL, &limit) == 0) syscall(SYS_prlimit64, 0, i, &limit, NULL);
  }
}

static void command_main(struct exec *e, int ends[3], char **arguments, uint32_t columns, uint32_t rows) {
  bool tty = (e->flags & STDIO_TTY) != 0;
  setsid();
  if (tty) {
    int slave = terminal_make(status_fd, columns, rows);
    child_check(ioctl(slave, TIOCSCTTY, 0) == 0, "take the terminal");
    for (int i = 0; i < 3; i++) ends[i] = slave;
  }
  streams_take(ends, tty);
  /* a directory or command named by descriptor must find nothing of the host's */
  child_check(status_fd == STATUS || dup3(status_fd, STATUS, O_CLOEXEC) == STATUS, "keep a descriptor");
  status_fd = STATUS;
  child_check(close_range_(STATUS + 1, ~0u, 0) == 0, "close the descriptors");
  signals_reset();
  directory_enter_early();
  identity_take();
  directory_enter_late();
  umask(022);
  command_execute(command_find(arguments), arguments, tty);
}

static void helper_main(struct exec *e, int ends[3], char **arguments, uint32_t columns, uint32_t rows) {
  child_failed = say_failure;
  seccomp_read();
  cgroups_join("");
  take_limits(shared->init_pid);
  child_check(syscall(SYS_setns, init_pidfd,
                      CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) == 0,
              "enter the container");
  struct clone_arguments child = {.flags = CLONE_PARENT | CLONE_PARENT_SETTID,
                                  .parent_tid = (uintptr_t)&numbers[e - execs]};
  long pid = syscall(SYS_clone3, &child, sizeof child);
  child_check(pid >= 0, "make a process in the container");
  if (pid == 0) command_main(e, ends, arguments, columns, rows);
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

static pid_t process_of(const struct exec *e) { return numbers[e - execs]; }

static void started(struct exec *e) {
  loop_close(&e->status);
  e->pid = process_of(e);
  if (e->failed || !e->pid) {
    if (!e->failed && e->client) client_error(e->client, e->id, EIO, "cannot start the command: the helper died");
    e->failed = true;
    if (!e->pid) e->exited = true;
    finish_if_over(e);
    return;
  }
  e->started = true;
  if (!e->client) kill(e->pid, SIGKILL); /* nobody waits for it any more */
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
  char text[720];
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
    if (e->client) client_error(e->client, e->id, error, what ? what + 1 : "cannot start the command");
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
    void *page = mmap(NULL, sizeof *numbers * MAX_EXECS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
      client_error(c, id, ENOMEM, "cannot start the command: no memory");
      return;
    }
    numbers = page;
  }
  struct exec *e = NULL;
  for (int i = 0; i < MAX_EXECS && !e; i++)
    if (!execs[i].id) e = &execs[i];
  if (!e) {
    client_error(c, id, EAGAIN, "cannot start the command: too many run in this container");
    return;
  }
  numbers[e - execs] = 0;
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
    pid_t pid = process_of(e);
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
    if (pid != process_of(e) || e->exited) continue;
    e->exited = true;
    e->exit_status = status;
    finish_if_over(e);
    return true;
  }
  return false;
}
