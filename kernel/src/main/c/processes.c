/* The processes of monitors. Some are started before they are wanted: they wait for their container. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper.h"

#define MAX_READY 4
#define REFILL_AFTER_MS 50 /* a start that is under way has the processor first */

static struct {
  int control;
  pid_t pid;
} ready[MAX_READY];
static uint32_t ready_count, ready_wanted;
static uint64_t last_taken_ms;
static bool failed; /* do not spin when the system refuses */

/* Its descriptor 3 is the control channel, nothing else is inherited. */
static int spawn(const char *id, int theirs, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  char *arguments[] = {monitor_path, (char *)id, NULL}, program[64];
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs, 3);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  snprintf(program, sizeof program, "/proc/self/fd/%d", starter_program);
  int error = posix_spawn(pid, starter_program >= 0 ? program : monitor_path, &actions, &attributes,
                          arguments, keeper_environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

int process_start(const char *id, pid_t *pid) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 10); /* so that dup2 to 3 clears the flag */
  close(pair[1]);
  int error = theirs < 0 ? EMFILE : spawn(id, theirs, pid);
  close_if(&theirs);
  if (!error) return pair[0];
  close(pair[0]);
  errno = error;
  return -1;
}

int process_take(pid_t *pid) {
  last_taken_ms = monotonic_ms();
  failed = false;
  if (ready_count == 0) return -1;
  ready_count--;
  *pid = ready[ready_count].pid;
  return ready[ready_count].control;
}

void processes_target(uint32_t count) {
  ready_wanted = count > MAX_READY ? MAX_READY : count;
  while (ready_count > ready_wanted) close(ready[--ready_count].control); /* its end is theirs */
}

int processes_idle_in(void) {
  if (failed || ready_count >= ready_wanted) return -1;
  uint64_t since = monotonic_ms() - last_taken_ms;
  return last_taken_ms == 0 || since >= REFILL_AFTER_MS ? 0 : (int)(REFILL_AFTER_MS - since);
}

void processes_idle(void) {
  /* room for the name of the container it will have */
  static char name[101];
  if (processes_idle_in() != 0) return;
  memset(name, '-', sizeof name - 1);
  int control = process_start(name, &ready[ready_count].pid);
  failed = control < 0;
  if (!failed) ready[ready_count++].control = control;
}
