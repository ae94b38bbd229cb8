/*
 * The monitor: one per container. Started by the keeper with a control channel as descriptor 3,
 * over which it learns the rest. It lives as long as the container's process, and a moment longer.
 */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lifecycle.h"

int directory = -1;
char container_id[101];
struct shared *shared;
int init_pidfd = -1;
int empty_mounts = -1;
int lazy_group = -1, lazy_table = -1;
static int memory = -1;
static uint64_t deadlines[DEADLINES]; /* monotonic ms; 0: none */
static struct message message;
static void control_ready(struct source *s, uint32_t events);
struct source control = {3, control_ready};
static struct source signals = {.fd = -1};

void deadline_set(enum deadline d, uint64_t in_ms) {
  uint64_t most = 1ull << 40;
  uint64_t at = monotonic_ms() + (in_ms > most ? most : in_ms);
  /* of two stops the shorter grace wins */
  if (d == DEADLINE_KILL && deadlines[d] && deadlines[d] < at) return;
  deadlines[d] = at;
}

void deadline_cancel(enum deadline d) { deadlines[d] = 0; }

int shared_memory(void) { return memory; }

static int next_timeout(void) {
  uint64_t first = 0, now = monotonic_ms();
  for (int i = 0; i < DEADLINES; i++)
    if (deadlines[i] && (!first || deadlines[i] < first)) first = deadlines[i];
  if (!first) return -1;
  uint64_t wait = first > now ? first - now : 0;
  return wait > 1000000 ? 1000000 : (int)wait;
}

/* True when the monitor is to end. */
static bool run_deadlines(void) {
  uint64_t now = monotonic_ms();
  for (int i = 0; i < DEADLINES; i++) {
    if (!deadlines[i] || deadlines[i] > now) continue;
    deadlines[i] = 0;
    switch ((enum deadline)i) {
      case DEADLINE_KILL: life_kill_deadline(); break;
      case DEADLINE_REAP: life_reap_deadline(); break;
      case DEADLINE_LOOK: life_look_deadline(); break;
      case DEADLINE_NOTE: life_note_deadline(); break;
      case DEADLINE_SLOW_CLIENT: clients_slow_deadline(); break;
      case DEADLINE_END: return true;
      case DEADLINES: break;
    }
  }
  return life_ended() && clients_idle();
}

static void control_ready(struct source *s, uint32_t events) {
  static struct message in;
  (void)events;
  int got = msg_receive(s->fd, &in);
  if (got < 0) {
    loop_close(s); /* the keeper died; a new one will come to the socket */
    if (shared->state == STATE_NEW) {
      /* or it was told to forget this container: nothing was started, so nothing is lost */
      unlinkat(directory, "monitor.sock", 0);
      _exit(0);
    }
    return;
  }
  if (got == 0) return;
  if (msg_type(&in) == CONTROL_REAPED) {
    pid_t pid = (pid_t)msg_get_u32(&in);
    int status = (int)msg_get_u32(&in);
    if (!in.bad) life_reaped(pid, status);
  }
  msg_drop_fds(&in);
}

static void signal_ready(struct source *s, uint32_t events) {
  struct signalfd_siginfo info;
  (void)events;
  while (read(s->fd, &info, sizeof info) > 0) continue;
  int status;
  pid_t pid;
  /* while the runtime works, the container's process must not be reaped: its number is not known */
  while (life_runtime_pid() > 0 && waitpid(life_runtime_pid(), &status, WNOHANG) > 0)
    life_child_exited(life_runtime_pid(), status);
  if (life_runtime_pid() > 0) return;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (!exec_child_exited(pid, status)) life_child_exited(pid, status);
}

static uint32_t receive_init(int ends[8]) {
  static const uint32_t order[8] = {INIT_CLIENT,       INIT_STDOUT,      INIT_STDERR, INIT_STDIN,
                                    INIT_CHILD_STDOUT, INIT_CHILD_STDERR, INIT_CHILD_STDIN, INIT_TTY};
  if (msg_receive(control.fd, &message) != 1 || msg_type(&message) != CONTROL_INIT) _exit(74);
  uint32_t flags = msg_get_u32(&message);
  msg_get_string(&message, container_id, sizeof container_id);
  directory = msg_take_fd(&message);
  memory = msg_take_fd(&message);
  if (message.bad || memory < 0) _exit(75);
  for (int i = 0; i < 8; i++) ends[i] = flags & order[i] ? msg_take_fd(&message) : -1;
  if (flags & INIT_EMPTY_MOUNTS) empty_mounts = msg_take_fd(&message);
  if (flags & INIT_LAZY) {
    lazy_group = msg_take_fd(&message);
    lazy_table = msg_take_fd(&message);
  }
  shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (shared == MAP_FAILED || shared->magic != SHARED_MAGIC || !config_load()) _exit(76);
  return flags;
}

/* The container's name for who lists processes, in the room that was kept for it. */
static void show_name(char *argument) {
  size_t room = strlen(argument), size = strlen(container_id);
  if (room < size) return;
  memset(argument, 0, room);
  memcpy(argument, container_id, size);
}

int main(int argc, char **argv) {
  int ends[8];
  fcntl(3, F_SETFD, FD_CLOEXEC);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_NAME, "nacelle-mon");
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  /* its children, while they enter a container, cannot be looked into from there */
  prctl(PR_SET_DUMPABLE, 0);
  umask(022);
  loop_open();
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signals = (struct source){signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), signal_ready};
  /* it may wait here for its container */
  uint32_t flags = receive_init(ends);
  if (argc > 1) show_name(argv[1]);
  set_nonblocking(control.fd);
  if (loop_add(&signals, EPOLLIN) != 0 || loop_add(&control, EPOLLIN) != 0) _exit(77);
  clients_open();
  child_stdio[0] = ends[6], child_stdio[1] = ends[4], child_stdio[2] = ends[5];
  /* first what the container waits for; the rest is done while it is on its way */
  if (flags & INIT_RUN) life_run();
  clients_listen();
  if (!(flags & INIT_ADOPT)) output_begin();
  output_open(ends[1], ends[2], ends[3]);
  if (flags & INIT_ADOPT) {
    output_recover();
    if (ends[7] >= 0) output_terminal(ends[7]);
    life_adopt();
  }
  if (ends[0] >= 0) clients_add(ends[0], flags & INIT_RUN);
  while (!run_deadlines()) loop_step(next_timeout());
  unlinkat(directory, "monitor.sock", 0);
  return 0;
}
