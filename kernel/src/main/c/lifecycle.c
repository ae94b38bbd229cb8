/* The container's life: created and started by an OCI runtime, watched to its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifecycle.h"
#include "monitor.h"

#define MAX_WAITERS 16

int child_stdio[3] = {-1, -1, -1};
static struct {
  struct client *client;
  uint32_t id, type;
} waiters[MAX_WAITERS];
static int waiter_count;
static int runtime_log = -1;
static bool ended, kill_when_created;
static struct message answer;
static void terminal_ready(struct source *s, uint32_t events);
static void pidfd_ready(struct source *s, uint32_t events);
static struct source terminal_listener = {-1, terminal_ready};
static struct source exit_watch = {-1, pidfd_ready}; /* of a process that is not our child */

bool life_ended(void) { return ended; }
pid_t life_runtime_pid(void) { return shared->runtime_pid; }

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
  snprintf(text, sizeof text, "%u %d %d %llu %llu\n", shared->state, shared->init_pid,
           shared->runtime_pid, (unsigned long long)shared->init_ticks,
           (unsigned long long)shared->started);
  replace_file_at(directory, "started", text, false);
}

/* --- the end --- */

static void end(int code, int signal, const char *message) {
  bool oom = oom_kills(config("oom")) > 0;
  uint64_t finished = now_ns();
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

static void ended_with(int status) {
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  loop_close(&exit_watch);
  kill_the_rest();
  end(signal ? 128 + signal : WEXITSTATUS(status), signal, "");
}

/* --- the runtime: crun or runc --- */

void join_cgroups(void) {
  const char *at = NULL, *path;
  while ((path = config_next("join", &at))) {
    char procs[4200];
    snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
    write_file_at(AT_FDCWD, procs, "0");
  }
}

static void hide_mounts(void) {
  const char *at = NULL, *path = config("hide");
  if (!path[0]) return;
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0) return;
  while ((path = config_next("hide", &at))) umount2(path, MNT_DETACH);
}

static void runtime_main(bool run) {
  const char *argv[40], *at = NULL, *value;
  int n = 0, null = open("/dev/null", O_RDWR | O_CLOEXEC);
  char log[64], console[160];
  if (config_flag("prejoin")) join_cgroups();
  hide_mounts();
  for (int i = 0; i < 3; i++) {
    int fd = child_stdio[i];
    char path[64];
    /* the container's ends are opened for both directions: without a reader its writes then wait
       and do not break */
    if (fd >= 0 && i > 0) {
      snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
      int both = open(path, O_RDWR | O_CLOEXEC);
      if (both >= 0) fd = both;
    }
    dup2(fd >= 0 ? fd : null, i);
  }
  fcntl(runtime_log, F_SETFD, 0);
  snprintf(log, sizeof log, "--log=/proc/self/fd/%d", runtime_log);
  argv[n++] = config("runtime");
  argv[n++] = "--root";
  argv[n++] = config("root");
  argv[n++] = log;
  while (n < 24 && (value = config_next("arg", &at))) argv[n++] = value;
  argv[n++] = run ? "run" : "create";
  if (run) argv[n++] = "--detach";
  argv[n++] = "--bundle";
  argv[n++] = config("bundle");
  argv[n++] = "--pid-file";
  argv[n++] = config("pidfile");
  if (config_flag("tty")) {
    /* as this process's descriptor: the absolute path may be longer than an address holds */
    snprintf(console, sizeof console, "/proc/%d/fd/%d/tty.sock", (int)getppid(), directory);
    argv[n++] = "--console-socket";
    argv[n++] = console;
  }
  argv[n++] = config("id");
  argv[n] = NULL;
  char *environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         "XDG_RUNTIME_DIR=/run", NULL};
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  execve(argv[0], (char *const *)argv, environment);
  dprintf(runtime_log, "cannot execute %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

static int listen_for_terminal(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/tty.sock", directory);
  terminal_listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (terminal_listener.fd < 0) return errno;
  unlinkat(directory, "tty.sock", 0);
  if (bind(terminal_listener.fd, (struct sockaddr *)&a, sizeof a) != 0 ||
      listen(terminal_listener.fd, 1) != 0)
    return errno;
  return loop_add(&terminal_listener, EPOLLIN);
}

static void terminal_ready(struct source *s, uint32_t events) {
  (void)events;
  int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  struct timeval patience = {.tv_sec = 2};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char name[256];
  struct iovec part = {name, sizeof name};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } room;
  struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room.space, .msg_controllen = sizeof room.space};
  int master = -1;
  if (recvmsg(fd, &h, MSG_CMSG_CLOEXEC) > 0) {
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    if (c && c->cmsg_type == SCM_RIGHTS) memcpy(&master, CMSG_DATA(c), sizeof master);
  }
  close(fd);
  if (master < 0) return;
  loop_close(s);
  unlinkat(directory, "tty.sock", 0);
  output_terminal(master);
  msg_begin(&answer, CONTROL_SPARE, 0);
  msg_u32(&answer, INIT_TTY);
  msg_fd(&answer, master);
  if (control.fd >= 0) msg_send(control.fd, &answer);
}

static int begin(bool run) {
  runtime_log = memfd_create("runtime-log", MFD_CLOEXEC);
  if (runtime_log < 0) return errno;
  int error = config_flag("tty") ? listen_for_terminal() : 0;
  if (error) return error;
  shared->want_start = run;
  shared->state = STATE_CREATING;
  pid_t pid = fork();
  if (pid < 0) return errno;
  if (pid == 0) runtime_main(run);
  shared->runtime_pid = pid;
  return 0;
}

/* The last line of what the runtime said, without the time stamp. */
static void runtime_message(char *text, size_t size) {
  static char all[4096];
  ssize_t n = runtime_log >= 0 ? pread(runtime_log, all, sizeof all - 1, 0) : 0;
  if (n <= 0) {
    snprintf(text, size, "the runtime said nothing");
    return;
  }
  while (n > 0 && all[n - 1] == '\n') n--;
  all[n] = 0;
  char *last = strrchr(all, '\n');
  last = last ? last + 1 : all;
  char *message = strstr(last, "msg=\"");                  /* runc: time="..." level=error msg="..." */
  if (!message && strstr(last, ": ")) message = strstr(last, "Z: "); /* crun: 2026-...Z: ... */
  if (message) message += *message == 'm' ? 5 : 3;
  snprintf(text, size, "%.900s", message ? message : last);
}

static bool find_init(void) {
  char text[32];
  if (read_file_at(directory, "pid", text, sizeof text) <= 0) return false;
  shared->init_pid = atoi(text);
  shared->init_ticks = shared->init_pid > 0 ? process_start_ticks(shared->init_pid) : 0;
  return shared->init_pid > 0;
}

static void runtime_finished(bool good) {
  shared->runtime_pid = 0;
  for (int i = 0; i < 3; i++) close_if(&child_stdio[i]);
  if (good && terminal_listener.fd >= 0) terminal_ready(&terminal_listener, 0);
  if (!good || !find_init()) {
    char text[1024];
    runtime_message(text, sizeof text);
    end(128, 0, text);
    return;
  }
  init_pidfd = pidfd_open_(shared->init_pid);
  if (shared->want_start) {
    shared->started = now_ns();
    /* it may have written before the runtime returned */
    if (shared->first_output && shared->first_output < shared->started) shared->started = shared->first_output;
  }
  shared->state = shared->want_start ? STATE_RUNNING : STATE_CREATED;
  note_started();
  answer_waiters(0, "");
  close_if(&runtime_log);
  if (kill_when_created) life_signal(SIGKILL);
}

/* Lets a created container go, as "start" of the runtime would: by its FIFO. */
static int release(void) {
  char path[4200], byte = '0';
  snprintf(path, sizeof path, "%s/%s/exec.fifo", config("root"), config("id"));
  bool runc = strcmp(config("flavor"), "runc") == 0;
  int fd = open(path, (runc ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = 0;
  if (runc) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    error = poll(&p, 1, 5000) == 1 ? 0 : ETIMEDOUT;
  } else {
    error = write_all(fd, &byte, 1);
  }
  close(fd);
  if (!error) unlink(path);
  return error;
}

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
      if (!error) {
        shared->started = now_ns();
        shared->state = STATE_RUNNING;
        note_started();
        answer_started(c, id);
        return;
      }
      break;
    case STATE_RUNNING: answer_started(c, id); return;
    default: client_error(c, id, ESRCH, "cannot start the container: it has ended"); return;
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
  else if (pid == shared->init_pid && shared->state >= STATE_CREATED)
    ended_with(status);
}

/* --- stop --- */

void life_signal(int signal) {
  if (init_pidfd >= 0) syscall(SYS_pidfd_send_signal, init_pidfd, signal, NULL, 0);
}

void life_stop(int signal, uint64_t grace_ms) {
  if (ended) return;
  bool running = shared->state == STATE_RUNNING;
  if (shared->state == STATE_CREATING) kill_when_created = true;
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
  if (shared->state != STATE_CREATING) {
    gone_unseen();
    return;
  }
  /* the runtime of a monitor that died has finished its work, or failed */
  loop_close(s);
  shared->runtime_pid = 0;
  if (find_init()) {
    life_adopt();
    return;
  }
  end(128, 0, "the monitor died while the container was being started");
}

void life_reaped(pid_t pid, int status) {
  if (!ended && pid == shared->init_pid) ended_with(status);
}

void life_adopt(void) {
  if (shared->state == STATE_CREATING && shared->runtime_pid > 0) {
    exit_watch.fd = pidfd_open_(shared->runtime_pid);
    if (exit_watch.fd >= 0 && loop_add(&exit_watch, EPOLLIN) == 0) return;
    shared->runtime_pid = 0;
    loop_close(&exit_watch);
    if (!find_init()) {
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
