/* The container's life: created and started, natively or by an OCI runtime, watched to its end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifecycle.h"
#include "monitor.h"
#include "oci.h"
#include "start.h"

#define MAX_WAITERS 16

int child_stdio[3] = {-1, -1, -1};
static struct {
  struct client *client;
  uint32_t id, type;
} waiters[MAX_WAITERS];
static int waiter_count;
static bool ended, stopped; /* stopped: asked to, while it was created or before */
static char end_message[1024];
static struct message answer;
static void pidfd_ready(struct source *s, uint32_t events);
static struct source exit_watch = {-1, pidfd_ready}; /* of a process that is not our child */

bool life_ended(void) { return ended; }
pid_t life_runtime_pid(void) { return shared->runtime_pid; }

static bool native(void) { return strcmp(config("starter"), "native") == 0; }

/* --- answers --- */

static void answer_started(struct client *c, uint32_t id) {
  msg_reply(&answer, id);
  msg_u32(&answer, (uint32_t)shared->init_pid);
  msg_u64(&answer, shared->started);
  client_reply(c, &answer);
}

static void answer_waiters(int error, const char *text) {
  for (int i = 0; i < waiter_count; i++) {
    if (error)
      client_error(waiters[i].client, waiters[i].id, error, text);
    else
      answer_started(waiters[i].client, waiters[i].id);
  }
  waiter_count = 0;
}

void life_client_gone(struct client *c) {
  for (int i = 0; i < waiter_count; i++)
    if (waiters[i].client == c) waiters[i--] = waiters[--waiter_count];
}

/* For a keeper and monitor that both die: what a new pair needs to find the process. */
static void note_started(void) {
  char text[128];
  snprintf(text, sizeof text, "%u %d %d %llu %llu %u %u\n", shared->state, shared->init_pid,
           shared->runtime_pid, (unsigned long long)shared->init_ticks,
           (unsigned long long)shared->started, shared->want_start, shared->phase != PHASE_NONE);
  replace_file_at(directory, "started", text, false);
}

/* --- the end --- */

static void end(int code, int signal, const char *message) {
  /* one that never ran is a failed start, whatever else happened */
  bool oom = shared->state >= STATE_RUNNING && oom_kills(config("oom")) > 0;
  uint64_t finished = now_ns();
  snprintf(end_message, sizeof end_message, "%s", message);
  output_drain();
  write_exit_file(directory, code, signal, oom, shared->started, shared->first_output, finished, message);
  shared->state = STATE_EXITED;
  msg_begin(&answer, EVENT_EXITED, 0);
  msg_u32(&answer, (uint32_t)code);
  msg_u32(&answer, (uint32_t)signal);
  msg_u32(&answer, oom);
  msg_u64(&answer, finished);
  clients_event(&answer);
  /* after the exit file, so that whoever hears of the failure finds it */
  answer_waiters(ENOEXEC, message[0] ? message : "the container has ended");
  clients_close_attached();
  deadline_cancel(DEADLINE_KILL);
  deadline_cancel(DEADLINE_REAP);
  deadline_cancel(DEADLINE_LOOK);
  deadline_cancel(DEADLINE_NOTE);
  if (native()) start_close();
  ended = true;
  deadline_set(DEADLINE_END, 2000);
}

/* In a namespace shared with others the processes left behind do not die with the first one. */
static void kill_the_rest(void) {
  const char *procs = config("killall");
  static char text[16384];
  for (int round = 0; procs[0] && round < 50; round++) {
    if (read_file_at(AT_FDCWD, procs, text, sizeof text) <= 0) return;
    for (char *p = text; *p;) {
      long pid = strtol(p, &p, 10);
      if (pid > 1) kill((pid_t)pid, SIGKILL);
      while (*p == '\n') p++;
    }
    struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
  }
}

static uint32_t phase_now(void) {
  uint32_t phase = __atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST);
  if (phase != PHASE_UNKNOWN) return phase;
  if (start_has_executed(shared->init_pid)) return PHASE_EXECUTING;
  return shared->want_start ? PHASE_SETTING_UP : PHASE_WAITING;
}

static void is_running(void) {
  shared->state = STATE_RUNNING;
  if (!shared->started) shared->started = now_ns();
  /* it may have written before anybody looked */
  if (shared->first_output && shared->first_output < shared->started) shared->started = shared->first_output;
  answer_waiters(0, "");
}

/* Of the native starter's process, before it was the container's: false if it was that already. */
static bool ended_before_it_ran(int signal) {
  uint32_t phase = __atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST);
  if (phase == PHASE_FAILED) {
    char text[sizeof shared->failure + 64];
    snprintf(text, sizeof text, "unable to start container process: %.*s", (int)sizeof shared->failure - 1,
             shared->failure);
    end(128, 0, text);
    return true;
  }
  if (!native() || shared->state >= STATE_RUNNING || stopped) return false;
  /* of one that nobody saw it is assumed that it came so far */
  if (phase_now() == PHASE_EXECUTING || (phase == PHASE_UNKNOWN && shared->want_start)) {
    is_running();
    return false;
  }
  end(128, 0,
      signal && oom_kills(config("oom")) > 0
          ? "unable to start container process: container init was OOM-killed (memory limit too low?)"
          : "unable to start container process: it ended while it was being set up");
  return true;
}

static void ended_with(int status) {
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  loop_close(&exit_watch);
  kill_the_rest();
  if (ended_before_it_ran(signal)) return;
  end(signal ? 128 + signal : WEXITSTATUS(status), signal, "");
}

/* --- begun --- */

static void runs(void) {
  is_running();
  if (native())
    deadline_set(DEADLINE_NOTE, 20); /* the note of its creation tells enough; its output comes first */
  else
    note_started();
}

void life_note_deadline(void) { note_started(); }

static void runtime_finished(bool good) {
  shared->runtime_pid = 0;
  oci_finished(good);
  if (!good || !oci_find_init()) {
    char text[1024];
    oci_message(text, sizeof text);
    end(128, 0, text);
    return;
  }
  init_pidfd = pidfd_open_(shared->init_pid);
  if (shared->want_start) {
    shared->started = now_ns();
    runs();
  } else {
    shared->state = STATE_CREATED;
    note_started();
    answer_waiters(0, "");
  }
  oci_close();
  if (stopped) life_signal(SIGKILL);
}

static int release(void) {
  if (!native()) return oci_release();
  shared->want_start = 1;
  int error = start_release();
  /* a monitor that took over has no channel to hear by */
  if (!error && exit_watch.fd >= 0) deadline_set(DEADLINE_LOOK, 1);
  return error;
}

/* Whoever asked for the creation alone is answered; for the rest the gate is opened. */
static void is_created(void) {
  int left = 0;
  shared->state = STATE_CREATED;
  for (int i = 0; i < waiter_count; i++) {
    if (waiters[i].type == MONITOR_CREATE)
      answer_started(waiters[i].client, waiters[i].id);
    else
      waiters[left++] = waiters[i];
  }
  waiter_count = left;
  note_started();
  if (left > 0 && release() != 0) answer_waiters(EIO, "cannot start the container: its process does not wait");
}

void life_starter_moved(void) {
  if (ended || shared->state >= STATE_RUNNING) return;
  switch (phase_now()) {
    case PHASE_WAITING:
      if (shared->state == STATE_CREATING) is_created();
      break;
    case PHASE_EXECUTING: runs(); break;
    case PHASE_FAILED: ended_before_it_ran(0); break;
    default: break; /* it ended, and how is told by the kernel */
  }
}

/* While nobody tells: looks until it runs, or waits for a start. */
void life_look_deadline(void) {
  life_starter_moved();
  bool over = ended || shared->state >= STATE_RUNNING || (shared->state == STATE_CREATED && !shared->want_start);
  if (!over) deadline_set(DEADLINE_LOOK, 5);
}

static int begin(bool run) {
  if (!native()) return oci_begin(run);
  int error = start_begin(run);
  if (error) return error;
  /* first the socket, then the note: who finds the note may expect to find the monitor */
  clients_listen();
  note_started();
  return 0;
}

void life_run(void) { begin(true); }

void life_request(struct client *c, uint32_t type, uint32_t id) {
  int error = 0;
  switch (shared->state) {
    case STATE_NEW:
      if (type == MONITOR_START) {
        client_error(c, id, EINVAL, "cannot start the container: it is not created");
        return;
      }
      error = begin(type == MONITOR_RUN);
      break;
    case STATE_CREATING: break;
    case STATE_CREATED:
      if (type == MONITOR_CREATE) {
        answer_started(c, id);
        return;
      }
      error = release();
      if (!error && !native()) {
        shared->started = now_ns();
        runs();
        answer_started(c, id);
        return;
      }
      break;
    case STATE_RUNNING: answer_started(c, id); return;
    default:
      if (shared->started)
        answer_started(c, id);
      else
        client_error(c, id, ENOEXEC, end_message[0] ? end_message : "the container has ended");
      return;
  }
  if (error || waiter_count == MAX_WAITERS) {
    client_error(c, id, error ? error : EAGAIN, strerror(error ? error : EAGAIN));
    return;
  }
  waiters[waiter_count].client = c;
  waiters[waiter_count].type = type;
  waiters[waiter_count++].id = id;
}

void life_child_exited(pid_t pid, int status) {
  if (ended) return;
  if (pid == shared->runtime_pid)
    runtime_finished(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  else if (pid == shared->init_pid && (native() || shared->state >= STATE_CREATED))
    ended_with(status);
}

/* --- stop --- */

void life_signal(int signal) {
  if (init_pidfd >= 0) syscall(SYS_pidfd_send_signal, init_pidfd, signal, NULL, 0);
}

void life_stop(int signal, uint64_t grace_ms) {
  if (ended) return;
  bool running = shared->state == STATE_RUNNING;
  if (!running) stopped = true;
  life_signal(running && signal != 0 ? signal : SIGKILL);
  if (running && signal != 0 && signal != SIGKILL) deadline_set(DEADLINE_KILL, grace_ms);
}

void life_kill_deadline(void) { life_signal(SIGKILL); }

/* --- a container that another monitor started --- */

struct exit_info { /* struct pidfd_info of linux/pidfd.h, version 0 */
  uint64_t mask, cgroup;
  uint32_t ids[11];
  int32_t exit_code;
};

/* The wait status of a process that somebody else reaped; the kernel tells since 6.15. */
static bool exit_of_stranger(int *status) {
  struct exit_info info = {.mask = 1u << 3};
  if (init_pidfd < 0 || ioctl(init_pidfd, _IOWR(0xff, 11, struct exit_info), &info) != 0) return false;
  if (!(info.mask & 1u << 3)) return false;
  *status = info.exit_code;
  return true;
}

static void gone_unseen(void) {
  int status;
  if (exit_of_stranger(&status))
    ended_with(status);
  else
    deadline_set(DEADLINE_REAP, 50);
}

static int reap_attempts;

void life_reap_deadline(void) {
  int status;
  if (ended) return;
  if (exit_of_stranger(&status))
    ended_with(status);
  else if (++reap_attempts < 40)
    deadline_set(DEADLINE_REAP, 50);
  else
    end(255, 0, "the process ended while nobody could see how");
}

static void pidfd_ready(struct source *s, uint32_t events) {
  (void)events;
  loop_pause(s);
  if (native() || shared->state != STATE_CREATING) {
    gone_unseen();
    return;
  }
  /* the runtime of a monitor that died has finished its work, or failed */
  loop_close(s);
  shared->runtime_pid = 0;
  if (oci_find_init()) {
    life_adopt();
    return;
  }
  end(128, 0, "the monitor died while the container was being started");
}

void life_reaped(pid_t pid, int status) {
  if (!ended && pid == shared->init_pid) ended_with(status);
}

/* The native starter goes on without its monitor; how far it is stands in the shared state. */
static void adopt_starting(void) {
  if (shared->init_ticks == 0) shared->init_ticks = process_start_ticks(shared->init_pid);
  init_pidfd = shared->init_pid > 0 ? pidfd_open_(shared->init_pid) : -1;
  if (init_pidfd < 0) {
    if (shared->init_pid > 0 && shared->phase != PHASE_NONE)
      gone_unseen();
    else
      end(128, 0, "the monitor died while the container was being started");
    return;
  }
  exit_watch.fd = fcntl(init_pidfd, F_DUPFD_CLOEXEC, 3);
  loop_add(&exit_watch, EPOLLIN);
  life_look_deadline();
}

void life_adopt(void) {
  if (native() && shared->state < STATE_RUNNING) {
    adopt_starting();
    return;
  }
  if (shared->state == STATE_CREATING && shared->runtime_pid > 0) {
    exit_watch.fd = pidfd_open_(shared->runtime_pid);
    if (exit_watch.fd >= 0 && loop_add(&exit_watch, EPOLLIN) == 0) return;
    shared->runtime_pid = 0;
    loop_close(&exit_watch);
    if (!oci_find_init()) {
      end(128, 0, "the monitor died while the container was being started");
      return;
    }
  }
  if (shared->state == STATE_CREATING) {
    shared->state = shared->want_start ? STATE_RUNNING : STATE_CREATED;
    if (shared->want_start) shared->started = now_ns();
  }
  bool same = process_start_ticks(shared->init_pid) == shared->init_ticks;
  init_pidfd = same ? pidfd_open_(shared->init_pid) : -1;
  note_started();
  answer_waiters(0, ""); /* who asked this monitor while the dead one's runtime was at work */
  if (init_pidfd < 0) {
    gone_unseen();
    return;
  }
  exit_watch.fd = fcntl(init_pidfd, F_DUPFD_CLOEXEC, 3);
  loop_add(&exit_watch, EPOLLIN);
}
