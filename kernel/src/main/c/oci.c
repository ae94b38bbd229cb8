/* Containers by an OCI runtime, crun or runc: what the native starter does not do. */
#include "oci.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lifecycle.h"
#include "process.h"

static int runtime_log = -1;
static void terminal_ready(struct source *s, uint32_t events);
static struct source terminal_listener = {-1, terminal_ready};

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
  if (config_flag("prejoin")) cgroups_join("");
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
  output_new_terminal(master);
}

int oci_begin(bool run) {
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
void oci_message(char *text, size_t size) {
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

void oci_finished(bool good) {
  for (int i = 0; i < 3; i++) close_if(&child_stdio[i]);
  if (good && terminal_listener.fd >= 0) terminal_ready(&terminal_listener, 0);
}

void oci_close(void) { close_if(&runtime_log); }

bool oci_find_init(void) {
  char text[32];
  if (read_file_at(directory, "pid", text, sizeof text) <= 0) return false;
  shared->init_pid = atoi(text);
  shared->init_ticks = shared->init_pid > 0 ? process_start_ticks(shared->init_pid) : 0;
  return shared->init_pid > 0;
}

/* Lets a created container go, as "start" of the runtime would: by its FIFO. */
int oci_release(void) {
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
