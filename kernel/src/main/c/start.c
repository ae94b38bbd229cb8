/*
 * The native starter. The monitor clones the container's first process itself; the child joins its
 * cgroups and namespaces, builds its file system, takes its identity and executes the command. How
 * far it came, and why it failed, stands in the shared state, which outlives the monitor; the end
 * of a close-on-exec socket wakes the monitor to look.
 */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kernelcalls.h"
#include "lifecycle.h"
#include "process.h"

#define MAX_ARGUMENTS 65536
#define GATE "exec.fifo"

static void status_ready(struct source *s, uint32_t events);
static struct source status = {-1, status_ready};

/* --- in the child; descriptors 0 to 2 are the container's --- */

enum { CHILD_STATUS = 3, CHILD_GATE, CHILD_EMPTY, CHILD_FIRST_FREE };

static _Noreturn void failed(int error, const char *text) {
  shared->failure_errno = error;
  snprintf(shared->failure, sizeof shared->failure, "%s", text);
  shared->started = 0;
  __atomic_store_n(&shared->phase, PHASE_FAILED, __ATOMIC_SEQ_CST);
  _exit(127);
}

static void set_phase(uint32_t phase) { __atomic_store_n(&shared->phase, phase, __ATOMIC_SEQ_CST); }

/* Keeps what the child needs at fixed numbers; nothing else of the monitor's stays open. */
static void keep_descriptors(const int ends[3], int socket, int gate, int template) {
  const int from[6] = {ends[0], ends[1], ends[2], socket, gate, template};
  int high[6];
  for (int i = 0; i < 6; i++) {
    high[i] = from[i];
    if (from[i] < 0) continue;
    if (i == 1 || i == 2) {
      /* opened for both directions: without a reader the container's writes then wait */
      char path[64];
      snprintf(path, sizeof path, "/proc/self/fd/%d", from[i]);
      int both = open(path, O_RDWR | O_CLOEXEC);
      if (both >= 0) high[i] = both;
    }
    high[i] = fcntl(high[i], F_DUPFD_CLOEXEC, 100);
    child_check(high[i] >= 0, "keep a descriptor");
  }
  for (int i = 0; i < 6; i++) {
    if (high[i] >= 0)
      child_check(dup3(high[i], i, i < 3 ? 0 : O_CLOEXEC) >= 0, "keep a descriptor");
    else if (i >= 3)
      close(i);
  }
  child_check(close_range_(CHILD_FIRST_FREE, ~0u, 0) == 0, "close the monitor's descriptors");
}

static void enter_sandbox(void) {
  static const struct {
    const char *key;
    int flag;
  } kinds[3] = {{"ns.net", CLONE_NEWNET}, {"ns.ipc", CLONE_NEWIPC}, {"ns.uts", CLONE_NEWUTS}};
  for (int i = 0; i < 3; i++) {
    const char *path = config(kinds[i].key);
    if (!path[0]) continue;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, kinds[i].flag) != 0) child_error(errno, "cannot enter the namespace %s", path);
    close(fd);
  }
}

/* rlimit=NUMBER SOFT HARD; none is raised above ours. */
static void set_limits(void) {
  const char *at = NULL, *value;
  while ((value = config_next("rlimit", &at))) {
    unsigned number;
    unsigned long long soft, hard;
    struct rlimit own;
    if (sscanf(value, "%u %llu %llu", &number, &soft, &hard) != 3) child_error(EINVAL, "cannot read the limit %s", value);
    if (getrlimit((int)number, &own) != 0) child_error(errno, "cannot set the limit %u", number);
    if (hard > own.rlim_max) hard = own.rlim_max;
    if (soft > hard) soft = hard;
    struct rlimit limit = {soft, hard};
    if (setrlimit((int)number, &limit) != 0) child_error(errno, "cannot set the limit %u", number);
  }
}

static void wait_at_gate(void) {
  char byte;
  set_phase(PHASE_WAITING);
  send(CHILD_STATUS, "W", 1, MSG_NOSIGNAL);
  ssize_t n;
  do n = read(CHILD_GATE, &byte, 1);
  while (n < 0 && errno == EINTR);
  child_check(n == 1, "wait for the start");
}

/* The keeper must have the terminal's master before the container can use it. */
static void take_terminal(void) {
  char ok;
  int slave = terminal_make(CHILD_STATUS, 0, 0);
  if (recv(CHILD_STATUS, &ok, 1, 0) != 1) child_error(EPIPE, "cannot hand over the terminal");
  devices_console(slave);
  child_check(ioctl(slave, TIOCSCTTY, 0) == 0, "take the terminal");
  streams_take((int[3]){slave, slave, slave}, true);
}

static char **read_arguments(void) {
  const char *at = NULL, *value;
  size_t count = 0;
  while (config_next("argv", &at)) count++;
  char **arguments = calloc(count + 1, sizeof *arguments);
  if (!arguments || count == 0 || count > MAX_ARGUMENTS) child_error(E2BIG, "cannot read the command");
  at = NULL;
  for (size_t i = 0; (value = config_next("argv", &at)); i++) arguments[i] = (char *)value;
  return arguments;
}

static _Noreturn void child_main(bool run, bool cloned_into, int socket, int gate, int template) {
  bool tty = config_flag("tty");
  child_failed = failed;
  umask(0);
  setsid();
  keep_descriptors(child_stdio, socket, gate, template);
  char **arguments = read_arguments();
  seccomp_read();
  /* before the cgroup namespace is made: its roots are these */
  const char *refused = cgroups_join(cloned_into ? config("cgroup2") : "");
  if (refused) child_error(errno, "cannot join the cgroup %s", refused);
  enter_sandbox();
  mounts_prepare();
  /* the template is left at once: it belongs to all */
  child_check(setns(CHILD_EMPTY, CLONE_NEWNS) == 0, "enter an empty mount namespace");
  child_check(unshare(CLONE_NEWNS | CLONE_NEWCGROUP) == 0, "make a mount namespace");
  mounts_enter();
  if (tty)
    take_terminal();
  else
    streams_take((int[3]){child_stdio[0] < 0 ? -1 : 0, 1, 2}, false);
  mounts_finish();
  set_limits();
  syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, NULL);
  /* a directory or command named by descriptor must find nothing of the host's */
  child_check(close_range_(CHILD_EMPTY, ~0u, 0) == 0, "close the descriptors");
  directory_enter_early();
  identity_take();
  directory_enter_late();
  umask(022);
  const char *file = command_find(arguments);
  if (!run) wait_at_gate();
  signals_reset();
  shared->started = now_ns();
  set_phase(PHASE_EXECUTING);
  command_execute(file, arguments, tty);
}

/* --- in the monitor --- */

static int make_gate(void) {
  unlinkat(directory, GATE, 0);
  if (mkfifoat(directory, GATE, 0600) != 0) return -1;
  return openat(directory, GATE, O_RDWR | O_CLOEXEC);
}

/* A shared process namespace is taken on for the time of the clone only. */
static int enter_processes(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = setns(fd, CLONE_NEWPID) == 0 ? 0 : errno;
  close(fd);
  return error;
}

static int clone_child(bool run, int pair[2], int gate) {
  const char *processes = config("ns.pid"), *cgroup = config("cgroup2");
  int group = cgroup[0] ? open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1, error = 0;
  bool fresh = strcmp(processes, "new") == 0;
  struct clone_arguments arguments = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID | (fresh ? CLONE_NEWPID : 0),
                                      .pidfd = (uintptr_t)&init_pidfd,
                                      .parent_tid = (uintptr_t)&shared->init_pid,
                                      .exit_signal = SIGCHLD};
  if (group >= 0) {
    arguments.flags |= CLONE3_INTO_CGROUP;
    arguments.cgroup = (uint64_t)group;
  }
  if (processes[0] && !fresh && (error = enter_processes(processes))) return error;
  /* the number is in the shared state before the child runs */
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) child_main(run, group >= 0, pair[1], gate, empty_mounts);
  if (pid < 0) error = errno;
  if (processes[0] && !fresh && enter_processes("/proc/self/ns/pid") != 0) _exit(78);
  close_if(&group);
  return error;
}

int start_begin(bool run) {
  int pair[2], gate = -1, error = 0;
  if (empty_mounts < 0) return EPROTO;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return errno;
  if (!run && (gate = make_gate()) < 0) error = errno;
  shared->want_start = run;
  shared->phase = PHASE_SETTING_UP;
  shared->state = STATE_CREATING;
  if (!error) error = clone_child(run, pair, gate);
  close(pair[1]);
  close_if(&gate);
  if (error) {
    shared->phase = PHASE_NONE;
    shared->state = STATE_NEW;
    close(pair[0]);
    return error;
  }
  shared->init_ticks = process_start_ticks(shared->init_pid);
  for (int i = 0; i < 3; i++) close_if(&child_stdio[i]);
  status.fd = pair[0];
  return loop_add(&status, EPOLLIN);
}

int start_release(void) {
  int fd = openat(directory, GATE, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = write_all(fd, "s", 1);
  close(fd);
  return error;
}

void start_close(void) {
  loop_close(&status);
  unlinkat(directory, GATE, 0);
}

bool start_has_executed(pid_t pid) {
  char path[64], own[256], other[256];
  snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
  ssize_t n = readlink("/proc/self/exe", own, sizeof own), m = readlink(path, other, sizeof other);
  return m > 0 && (n != m || memcmp(own, other, (size_t)n) != 0);
}

static void receive_terminal(struct msghdr *h) {
  int master;
  struct cmsghdr *c = CMSG_FIRSTHDR(h);
  if (!c || c->cmsg_type != SCM_RIGHTS) return;
  memcpy(&master, CMSG_DATA(c), sizeof master);
  output_new_terminal(master);
  send(status.fd, "K", 1, MSG_NOSIGNAL);
}

static void status_ready(struct source *s, uint32_t events) {
  char text[16];
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } room;
  struct iovec part = {text, sizeof text};
  struct msghdr h = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = room.space, .msg_controllen = sizeof room.space};
  (void)events;
  ssize_t n = recvmsg(s->fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0 && text[0] == 'T') {
    receive_terminal(&h);
    return;
  }
  if (n <= 0) loop_close(s);
  life_starter_moved();
}
