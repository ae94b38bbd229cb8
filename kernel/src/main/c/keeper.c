/*
 * The keeper: one per instance. It makes the sandboxes' namespaces and holds them, spawns the
 * monitors, holds spare ends of the containers' stdio, and is the subreaper of both. It owns
 * nothing that cannot be found again: pins in ns/, monitors by their sockets.
 *
 *   keeper --dir RUN --monitor PATH [--pool N]     start as a daemon; returns when it listens
 *   keeper --resume FD                             after an upgrade in place
 */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CLIENTS 64

int run_directory = -1;
char monitor_path[4096];
static char *no_environment[] = {NULL};
char **keeper_environment = no_environment;
static int lock_fd = -1;

struct client {
  struct source source;
  bool watches;
};
static struct client clients[MAX_CLIENTS];
static struct source listener = {.fd = -1}, signals = {.fd = -1};
static struct message request, answer;
static bool shutting_down;

static void client_ready(struct source *s, uint32_t events);

static void close_client(struct client *c) {
  reads_client_gone(&c->source);
  loop_close(&c->source);
}

void broadcast(const struct message *m) {
  for (int i = 0; i < MAX_CLIENTS; i++) {
    struct client *c = &clients[i];
    /* a watcher that does not read is dropped: it will come back and look for itself */
    if (c->source.fd >= 0 && c->watches && msg_send(c->source.fd, m) != 0) close_client(c);
  }
}

static void listener_ready(struct source *s, uint32_t events) {
  (void)events;
  int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  fd = number_high(fd);
  for (int i = 0; socket_peer_is_root(fd) && i < MAX_CLIENTS; i++) {
    if (clients[i].source.fd >= 0) continue;
    clients[i] = (struct client){.source = {.fd = fd, .ready = client_ready}};
    if (loop_add(&clients[i].source, EPOLLIN) == 0) return;
    clients[i].source.fd = -1;
    break;
  }
  close(fd);
}

/* --- upgrade: state goes through a memory file of lines, descriptors stay open over execve --- */

static bool keep_open(int fd) { return fcntl(fd, F_SETFD, 0) == 0; }

static void upgrade(int client, struct message *m) {
  char path[4096], monitor[4096], state_text[16];
  msg_get_string(m, path, sizeof path);
  msg_get_string(m, monitor, sizeof monitor);
  if (m->bad || path[0] != '/' || monitor[0] != '/' || access(path, X_OK) || access(monitor, X_OK)) {
    msg_error(client, msg_id(m), EINVAL, "cannot upgrade the keeper: no executable at '%s'", path);
    return;
  }
  int state = memfd_create("keeper-state", 0);
  if (state < 0) {
    msg_error(client, msg_id(m), errno, "cannot upgrade the keeper: %s", strerror(errno));
    return;
  }
  dprintf(state, "keeper %d %d %d %s\n", run_directory, lock_fd, listener.fd, monitor);
  sandboxes_save(state);
  monitors_save(state);
  lazy_save(state);
  reads_save(state);
  lseek(state, 0, SEEK_SET);
  keep_open(run_directory), keep_open(lock_fd), keep_open(listener.fd);
  msg_reply(&answer, msg_id(m));
  msg_answer(client, &answer);
  snprintf(state_text, sizeof state_text, "%d", state);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  char *arguments[] = {"keeper", "--resume", state_text, NULL};
  execve(path, arguments, no_environment);
  /* still the old one: go on, and let nothing that is spawned inherit */
  syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  close(state);
}

static void resume(int state) {
  FILE *in = fdopen(state, "re");
  char *line = NULL;
  size_t size = 0;
  while (in && getline(&line, &size, in) > 0) {
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "keeper %d %d %d %4095s", &run_directory, &lock_fd, &listener.fd,
               monitor_path) == 4) {
      fcntl(run_directory, F_SETFD, FD_CLOEXEC);
      fcntl(lock_fd, F_SETFD, FD_CLOEXEC);
      fcntl(listener.fd, F_SETFD, FD_CLOEXEC);
    }
  }
  if (run_directory < 0 || listener.fd < 0) _exit(71);
  starter_open();
  sandboxes_open();
  rewind(in);
  while (getline(&line, &size, in) > 0) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "sandbox ", 8) == 0) sandboxes_load(line + 8);
    if (strncmp(line, "monitor ", 8) == 0) monitors_load(line + 8);
    lazy_load(line);
    reads_load(line);
  }
  free(line);
  fclose(in);
}

/* --- requests --- */

static void shut_down(int client, struct message *m) {
  if (monitors_live()) {
    msg_error(client, msg_id(m), EBUSY, "cannot end the keeper: containers are there");
    return;
  }
  if (lazy_any()) {
    /* the end of the group would let their readers see zeros */
    msg_error(client, msg_id(m), EBUSY, "cannot end the keeper: lazily filled files are there; remove them");
    return;
  }
  sandboxes_remove_all();
  processes_target(0);
  shutting_down = true;
  msg_reply(&answer, msg_id(m));
  msg_answer(client, &answer);
}

static void handle(struct client *c, struct message *m) {
  int fd = c->source.fd;
  uint32_t id = msg_id(m);
  switch (msg_type(m)) {
    case MSG_HELLO: {
      const char *no_lazy = reads_missing();
      msg_reply(&answer, id);
      msg_u32(&answer, PROTOCOL_VERSION);
      msg_u32(&answer, (uint32_t)getpid());
      msg_u32(&answer, (starter_mounts >= 0 && starter_program >= 0 ? FEATURE_STARTER : 0u) |
                           (no_lazy[0] ? 0u : FEATURE_LAZY));
      msg_string(&answer, no_lazy);
      msg_answer(fd, &answer);
      break;
    }
    case KEEPER_WATCH:
      c->watches = true;
      msg_reply(&answer, id);
      msg_answer(fd, &answer);
      break;
    case KEEPER_POOL: {
      uint32_t count = msg_get_u32(m);
      if (m->bad || count > 256) {
        msg_error(fd, id, EINVAL, "cannot keep %u sandboxes ready: at most 256", count);
        break;
      }
      pool_target(count);
      processes_target(count);
      msg_reply(&answer, id);
      msg_answer(fd, &answer);
      break;
    }
    case KEEPER_SANDBOX_ENSURE: sandbox_ensure(fd, m); break;
    case KEEPER_SANDBOX_OPEN: sandbox_open(fd, m); break;
    case KEEPER_SANDBOX_REMOVE: sandbox_remove(fd, m); break;
    case KEEPER_SANDBOX_LIST: sandbox_list(fd, m); break;
    case KEEPER_MONITOR_START: monitor_start(fd, m); break;
    case KEEPER_MONITOR_ADOPT: monitor_adopt(fd, m); break;
    case KEEPER_MONITOR_FORGET: monitor_forget(fd, m); break;
    case KEEPER_LAZY_OPEN: reads_open(fd, m); break;
    case KEEPER_LAZY_ADD: lazy_add(fd, m); break;
    case KEEPER_LAZY_REMOVE: lazy_remove(fd, m); break;
    case KEEPER_LAZY_LIST: lazy_list(fd, m); break;
    case KEEPER_LAZY_FILE: lazy_file(fd, m); break;
    case KEEPER_LAZY_SERVE: reads_serve(&c->source, m); break;
    case KEEPER_LAZY_ANSWER: reads_answer(&c->source, m); break;
    case KEEPER_UPGRADE: upgrade(fd, m); break;
    case KEEPER_SHUTDOWN: shut_down(fd, m); break;
    default:
      msg_error(fd, id, ENOSYS, "cannot handle message 0x%04x: the keeper speaks version %d",
                msg_type(m), PROTOCOL_VERSION);
  }
}

static void client_ready(struct source *s, uint32_t events) {
  struct client *c = (struct client *)s;
  if (events & EPOLLOUT) reads_writable(s);
  int got = msg_receive(s->fd, &request);
  if (got > 0) {
    handle(c, &request);
    msg_drop_fds(&request);
  } else if (got < 0) {
    close_client(c);
  }
}

static void signal_ready(struct source *s, uint32_t events) {
  (void)events;
  struct signalfd_siginfo info;
  while (read(s->fd, &info, sizeof info) > 0) continue;
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    sandbox_child_reaped(pid);
    monitor_child_reaped(pid, status);
    lazy_child_reaped(pid);
  }
}

/* --- start --- */

static void fail(const char *what) {
  fprintf(stderr, "keeper: cannot %s: %s\n", what, strerror(errno));
  _exit(1);
}

/* The caller's process ends when the daemon says it listens: its pipe end gets one byte. */
static int daemonise(void) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) fail("make a pipe");
  pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) {
    char ok = 0;
    close(ready[1]);
    ssize_t n = read(ready[0], &ok, 1);
    _exit(n == 1 && ok == 1 ? 0 : 1);
  }
  close(ready[0]);
  setsid();
  pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) _exit(0);
  return ready[1];
}

static void become_quiet(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  if (null > 2) close(null);
}

static int start(const char *directory) {
  run_directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (run_directory < 0) fail("open the run directory");
  lock_fd = openat(run_directory, "keeper.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd < 0 || flock(lock_fd, LOCK_EX | LOCK_NB) != 0) fail("lock keeper.lock (is another alive?)");
  int ready = daemonise();
  if (chdir("/") != 0) fail("change to /");
  umask(022);
  starter_open();
  sandboxes_open();
  monitors_open();
  listener.fd = socket_listen(run_directory, "keeper.sock");
  if (listener.fd < 0) fail("listen at keeper.sock");
  return ready;
}

int main(int argc, char **argv) {
  const char *directory = NULL;
  int state = -1;
  uint32_t pool = 8;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--dir") == 0) directory = argv[i + 1];
    else if (strcmp(argv[i], "--monitor") == 0) snprintf(monitor_path, sizeof monitor_path, "%s", argv[i + 1]);
    else if (strcmp(argv[i], "--pool") == 0) pool = (uint32_t)strtoul(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--resume") == 0) state = atoi(argv[i + 1]);
  }
  if (state < 0 && (!directory || monitor_path[0] != '/')) {
    fprintf(stderr, "usage: keeper --dir RUN --monitor PATH [--pool N]\n");
    return 2;
  }
  if (state < 0) syscall(SYS_close_range, 3u, ~0u, 0);
  for (int i = 0; i < MAX_CLIENTS; i++) clients[i].source.fd = -1;
  loop_open();
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_NAME, "nacelle-keeper");
  int ready = -1;
  if (state >= 0)
    resume(state);
  else
    ready = start(directory);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signals = (struct source){signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), signal_ready};
  listener.ready = listener_ready;
  if (loop_add(&signals, EPOLLIN) != 0 || loop_add(&listener, EPOLLIN) != 0) fail("watch");
  signal_ready(&signals, 0); /* what ended before the signal was watched */
  if (state < 0) {
    pool_target(pool > 256 ? 256 : pool);
    processes_target(pool);
  }
  if (ready >= 0) {
    if (write(ready, "\1", 1) != 1) _exit(1);
    close(ready);
    become_quiet();
  }
  while (!shutting_down) {
    int sandboxes_in = sandboxes_idle_in(), processes_in = processes_idle_in();
    bool processes_first = processes_in >= 0 && (sandboxes_in < 0 || processes_in <= sandboxes_in);
    int idle_in = processes_first ? processes_in : sandboxes_in;
    if (loop_step(idle_in) || idle_in < 0) continue;
    if (processes_first)
      processes_idle();
    else
      sandboxes_idle();
  }
  unlinkat(run_directory, "keeper.sock", 0);
  return 0;
}
