/* Monitors: spawned, watched, replaced when they die; what their containers' stdio needs is kept. */
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_MONITORS 8192
#define SPARES 4 /* stdout, stderr, stdin, terminal */
#define FAST_DEATHS 5

static const uint32_t spare_flags[SPARES] = {INIT_STDOUT, INIT_STDERR, INIT_STDIN, INIT_TTY};

struct monitor {
  struct source control; /* its end is the monitor's end */
  char id[101];
  int directory, memory;
  int spares[SPARES];
  struct shared *shared;
  pid_t pid;
  bool lazy;   /* it holds the fanotify group */
  bool reaped; /* the container's process ended while no monitor was its parent */
  int status;
  uint64_t fast_since;
  int fast_deaths;
  struct monitor *next;
};

static struct monitor *monitors;
static size_t monitor_count;
static struct message answer, event;

static void control_ready(struct source *s, uint32_t events);

static struct monitor *find(const char *id) {
  struct monitor *m = monitors;
  while (m && strcmp(m->id, id) != 0) m = m->next;
  return m;
}

static struct monitor *insert(const char *id) {
  struct monitor *m = monitor_count < MAX_MONITORS ? calloc(1, sizeof *m) : NULL;
  if (!m) return NULL;
  snprintf(m->id, sizeof m->id, "%s", id);
  m->control.fd = m->directory = m->memory = -1;
  m->control.ready = control_ready;
  for (int i = 0; i < SPARES; i++) m->spares[i] = -1;
  m->next = monitors;
  monitors = m;
  monitor_count++;
  return m;
}

static void drop(struct monitor *m) {
  for (struct monitor **p = &monitors; *p; p = &(*p)->next)
    if (*p == m) {
      *p = m->next;
      break;
    }
  loop_close(&m->control);
  if (m->shared) munmap(m->shared, 4096);
  close_if(&m->directory);
  close_if(&m->memory);
  for (int i = 0; i < SPARES; i++) close_if(&m->spares[i]);
  free(m);
  monitor_count--;
}

static bool map_memory(struct monitor *m) {
  void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, m->memory, 0);
  m->shared = p == MAP_FAILED ? NULL : p;
  return m->shared != NULL;
}

static int open_container(const char *id) {
  char path[300];
  snprintf(path, sizeof path, "containers/%s", id);
  return openat(run_directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int attach(struct monitor *m, int control) {
  if (control < 0) return errno;
  set_nonblocking(control);
  m->control.fd = control;
  return loop_add(&m->control, EPOLLIN);
}

static int spawn(struct monitor *m) { return attach(m, process_start(m->id, &m->pid)); }

static void say_reaped(struct monitor *m) {
  msg_begin(&event, CONTROL_REAPED, 0);
  msg_u32(&event, (uint32_t)m->shared->init_pid);
  msg_u32(&event, (uint32_t)m->status);
  msg_send(m->control.fd, &event);
}

/* A monitor for a container that runs already. */
static int respawn(struct monitor *m) {
  int error = spawn(m);
  if (error) return error;
  uint32_t flags = INIT_ADOPT;
  for (int i = 0; i < SPARES; i++)
    if (m->spares[i] >= 0) flags |= spare_flags[i];
  if (m->lazy && reads_hold() >= 0) flags |= INIT_LAZY;
  msg_begin(&event, CONTROL_INIT, 0);
  msg_u32(&event, flags);
  msg_string(&event, m->id);
  msg_fd(&event, m->directory);
  msg_fd(&event, m->memory);
  for (int i = 0; i < SPARES; i++)
    if (m->spares[i] >= 0) msg_fd(&event, m->spares[i]);
  if (flags & INIT_LAZY) msg_fd(&event, reads_hold()), msg_fd(&event, reads_table());
  error = msg_send(m->control.fd, &event);
  if (!error && m->reaped) say_reaped(m);
  return error;
}

/* Without a monitor the keeper itself writes down the end of a container. */
static void write_orphan_exit(struct monitor *m) {
  int status = m->status;
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0, code = signal ? 128 + signal : WEXITSTATUS(status);
  bool failed = m->shared->phase == PHASE_FAILED; /* before its command was executed */
  write_exit_file(m->directory, failed ? 128 : code, failed ? 0 : signal, false, m->shared->started,
                  m->shared->first_output, now_ns(), failed ? m->shared->failure : "");
  m->shared->state = STATE_EXITED;
}

static bool too_many_deaths(struct monitor *m) {
  uint64_t now = now_ns();
  if (now - m->fast_since > 10000000000u) {
    m->fast_since = now;
    m->fast_deaths = 0;
  }
  return ++m->fast_deaths > FAST_DEATHS;
}

static void monitor_gone(struct monitor *m) {
  loop_close(&m->control);
  uint32_t state = m->shared->state;
  if (state == STATE_EXITED || faccessat(m->directory, "exit", F_OK, 0) == 0) {
    drop(m);
    return;
  }
  int error = state == STATE_NEW || too_many_deaths(m) ? EAGAIN : respawn(m);
  msg_begin(&event, EVENT_MONITOR_DIED, 0);
  msg_string(&event, m->id);
  msg_u32(&event, error == 0);
  msg_u32(&event, error ? 0 : (uint32_t)m->pid);
  static struct message copy;
  copy = event;
  if (state == STATE_NEW) {
    drop(m); /* nothing was started: the platform starts it again */
  } else if (error) {
    loop_close(&m->control);
    if (m->reaped) write_orphan_exit(m);
  }
  broadcast(&copy);
}

static void control_ready(struct source *s, uint32_t events) {
  struct monitor *m = (struct monitor *)s;
  static struct message in;
  (void)events;
  int got = msg_receive(s->fd, &in);
  if (got < 0) {
    monitor_gone(m);
    return;
  }
  if (got == 0) return;
  if (msg_type(&in) == CONTROL_STDIN_CLOSED) close_if(&m->spares[2]);
  if (msg_type(&in) == CONTROL_SPARE) {
    uint32_t flag = msg_get_u32(&in);
    for (int i = 0; i < SPARES; i++)
      if (flag == spare_flags[i]) {
        close_if(&m->spares[i]);
        m->spares[i] = msg_take_fd(&in);
      }
  }
  msg_drop_fds(&in);
}

/* --- requests --- */

struct ends {
  int own[3], child[3], client[2];
};

static int make_ends(struct monitor *m, uint32_t flags, struct ends *e) {
  for (int i = 0; i < 3; i++) {
    bool wanted = i == 2 ? (flags & STDIO_STDIN) != 0 : true;
    int p[2];
    if (!wanted || (flags & STDIO_TTY)) continue;
    if (pipe2(p, O_CLOEXEC) != 0) return errno;
    e->own[i] = i == 2 ? p[1] : p[0];
    e->child[i] = i == 2 ? p[0] : p[1];
    set_nonblocking(e->own[i]);
    m->spares[i] = e->own[i];
  }
  m->memory = memfd_create("container", MFD_CLOEXEC);
  if (m->memory < 0 || ftruncate(m->memory, SHARED_SIZE) != 0 || !map_memory(m)) return errno;
  m->shared->magic = SHARED_MAGIC;
  m->shared->created = now_ns();
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, e->client) == 0 ? 0 : errno;
}

static int start(struct monitor *m, uint32_t flags, struct ends *e) {
  m->lazy = (flags & START_LAZY) != 0;
  int error = m->lazy && reads_hold() < 0 ? ENOENT : make_ends(m, flags, e);
  if (error) return error;
  uint32_t init = INIT_CLIENT;
  msg_begin(&event, CONTROL_INIT, 0);
  if (!(flags & STDIO_TTY)) {
    init |= INIT_STDOUT | INIT_STDERR | INIT_CHILD_STDOUT | INIT_CHILD_STDERR;
    if (flags & STDIO_STDIN) init |= INIT_STDIN | INIT_CHILD_STDIN;
  }
  if (starter_mounts >= 0) init |= INIT_EMPTY_MOUNTS;
  if (flags & START_RUN) init |= INIT_RUN;
  if (m->lazy) init |= INIT_LAZY;
  msg_u32(&event, init);
  msg_string(&event, m->id);
  msg_fd(&event, m->directory);
  msg_fd(&event, m->memory);
  msg_fd(&event, e->client[1]);
  for (int i = 0; i < 3; i++)
    if (e->own[i] >= 0) msg_fd(&event, e->own[i]);
  for (int i = 0; i < 3; i++)
    if (e->child[i] >= 0) msg_fd(&event, e->child[i]);
  if (starter_mounts >= 0) msg_fd(&event, starter_mounts);
  if (m->lazy) msg_fd(&event, reads_hold()), msg_fd(&event, reads_table());
  int ready = process_take(&m->pid);
  if (ready >= 0 && attach(m, ready) == 0 && msg_send(m->control.fd, &event) == 0) return 0;
  loop_close(&m->control);
  error = spawn(m);
  return error ? error : msg_send(m->control.fd, &event);
}

void monitor_start(int client, struct message *request) {
  char id[128];
  msg_get_string(request, id, sizeof id);
  uint32_t flags = msg_get_u32(request);
  if (request->bad || !id_is_valid(id)) {
    msg_error(client, msg_id(request), EINVAL, "cannot start a monitor: the request is malformed");
    return;
  }
  if (find(id)) {
    msg_error(client, msg_id(request), EEXIST, "cannot start a monitor for '%s': there is one", id);
    return;
  }
  struct ends e = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1}};
  struct monitor *m = insert(id);
  int error = ENOMEM;
  if (m) {
    m->directory = open_container(id);
    error = m->directory < 0 ? errno : start(m, flags, &e);
  }
  if (error) {
    if (m) drop(m);
    msg_error(client, msg_id(request), error, "cannot start a monitor for '%s': %s", id,
              strerror(error));
  } else {
    msg_reply(&answer, msg_id(request));
    msg_u32(&answer, (uint32_t)m->pid);
    msg_fd(&answer, e.client[0]);
    msg_answer(client, &answer);
  }
  for (int i = 0; i < 3; i++) close_if(&e.child[i]);
  for (int i = 0; i < 2; i++) close_if(&e.client[i]);
}

/* Both keeper and monitor died: what the monitor wrote on disk, and the process's own descriptors,
   which reopen its pipes. Output that lay in a dead monitor's tail is lost then. */
static int adopt_orphan(struct monitor *m) {
  char text[256];
  int state, init, runtime;
  unsigned want_start = 0, native = 0; /* of a later version than the rest */
  unsigned long long ticks, started;
  if (read_file_at(m->directory, "started", text, sizeof text) <= 0) return ENOENT;
  if (sscanf(text, "%d %d %d %llu %llu %u %u", &state, &init, &runtime, &ticks, &started, &want_start, &native) < 5)
    return EINVAL;
  m->memory = memfd_create("container", MFD_CLOEXEC);
  if (m->memory < 0 || ftruncate(m->memory, SHARED_SIZE) != 0 || !map_memory(m)) return errno;
  *m->shared = (struct shared){.magic = SHARED_MAGIC,
                               .state = (uint32_t)state,
                               .init_pid = init,
                               .runtime_pid = runtime,
                               .init_ticks = ticks,
                               .created = started,
                               .started = started,
                               .want_start = want_start,
                               .phase = native ? PHASE_UNKNOWN : PHASE_NONE};
  if (init > 0 && process_start_ticks(init) == ticks) {
    for (int i = 0; i < 2; i++) {
      char path[64], link[64] = "";
      snprintf(path, sizeof path, "/proc/%d/fd/%d", init, i + 1);
      if (readlink(path, link, sizeof link - 1) > 0 && strncmp(link, "pipe:", 5) == 0)
        m->spares[i] = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
  }
  return respawn(m);
}

void monitor_adopt(int client, struct message *request) {
  char id[128];
  int error = 0;
  msg_get_string(request, id, sizeof id);
  struct monitor *m = request->bad || !id_is_valid(id) ? NULL : find(id);
  bool lazy = request->at < request->size && (msg_get_u32(request) & START_LAZY); /* of a later version */
  if (!m && id_is_valid(id)) {
    m = insert(id);
    if (m) m->directory = open_container(id);
    if (m) m->lazy = lazy;
    error = !m ? ENOMEM : m->directory < 0 ? ENOENT : adopt_orphan(m);
    if (error && m) drop(m);
  } else if (m && m->control.fd < 0) {
    m->fast_deaths = 0;
    error = respawn(m);
  }
  if (error) {
    msg_error(client, msg_id(request), error, "cannot adopt '%s': %s", id, strerror(error));
    return;
  }
  msg_reply(&answer, msg_id(request));
  msg_answer(client, &answer);
}

void monitor_forget(int client, struct message *request) {
  char id[128];
  msg_get_string(request, id, sizeof id);
  struct monitor *m = find(id);
  if (m && m->control.fd >= 0 && m->shared->state != STATE_EXITED && m->shared->state != STATE_NEW) {
    msg_error(client, msg_id(request), EBUSY, "cannot forget '%s': it runs", id);
    return;
  }
  if (m) drop(m);
  msg_reply(&answer, msg_id(request));
  msg_answer(client, &answer);
}

bool monitors_live(void) { return monitors != NULL; }

void monitor_child_reaped(pid_t pid, int status) {
  for (struct monitor *m = monitors; m; m = m->next) {
    if (!m->shared || m->shared->init_pid != pid || m->shared->state == STATE_EXITED) continue;
    m->reaped = true;
    m->status = status;
    if (m->control.fd >= 0)
      say_reaped(m);
    else
      write_orphan_exit(m);
    return;
  }
}

/* --- a new keeper finds the monitors of the dead one --- */

static bool take_over(struct monitor *m) {
  static struct message in;
  int fd = number_high(socket_connect(m->directory, "monitor.sock"));
  if (fd < 0) return false;
  struct timeval patience = {.tv_sec = 2};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  msg_begin(&event, CONTROL_TAKEOVER, 1);
  if (msg_send(fd, &event) != 0 || msg_receive(fd, &in) != 1) {
    close(fd);
    return false;
  }
  uint32_t error = msg_get_u32(&in);
  char text[1024];
  msg_get_string(&in, text, sizeof text);
  uint32_t flags = msg_get_u32(&in);
  m->pid = (pid_t)msg_get_u32(&in);
  bool good = !in.bad && error == 0;
  if (good) {
    m->memory = number_high(msg_take_fd(&in));
    for (int i = 0; i < SPARES; i++)
      if (flags & spare_flags[i]) m->spares[i] = number_high(msg_take_fd(&in));
    m->lazy = (flags & INIT_LAZY) != 0;
    if (m->lazy) {
      int group = number_high(msg_take_fd(&in));
      reads_take_found(group, number_high(msg_take_fd(&in)));
    }
    good = map_memory(m);
  }
  msg_drop_fds(&in);
  set_nonblocking(fd);
  m->control.fd = fd;
  return good && loop_add(&m->control, EPOLLIN) == 0;
}

void monitors_open(void) {
  mkdirat(run_directory, "containers", 0700);
  int fd = openat(run_directory, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = fdopendir(fd);
  struct dirent *e;
  while (d && (e = readdir(d))) {
    if (!id_is_valid(e->d_name)) continue;
    int directory = open_container(e->d_name);
    if (directory < 0) continue;
    if (faccessat(directory, "exit", F_OK, 0) == 0 || faccessat(directory, "monitor.sock", F_OK, 0) != 0) {
      close(directory);
      continue;
    }
    struct monitor *m = insert(e->d_name);
    if (!m) {
      close(directory);
      break;
    }
    m->directory = number_high(directory);
    /* a monitor that died too is adopted on the platform's request */
    if (!take_over(m)) drop(m);
  }
  if (d) closedir(d);
}

/* --- upgrade --- */

static int inherit(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, 0);
  return fd;
}

void monitors_save(int state) {
  for (struct monitor *m = monitors; m; m = m->next)
    dprintf(state, "monitor %s %d %d %d %d %d %d %d %d %d %d %d\n", m->id, (int)m->pid,
            inherit(m->control.fd), inherit(m->directory), inherit(m->memory), inherit(m->spares[0]),
            inherit(m->spares[1]), inherit(m->spares[2]), inherit(m->spares[3]), m->reaped, m->status, m->lazy);
}

static int own(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

void monitors_load(const char *line) {
  char id[101];
  int n[11] = {0}; /* the last is of a later version */
  if (sscanf(line, "%100s %d %d %d %d %d %d %d %d %d %d %d", id, &n[0], &n[1], &n[2], &n[3], &n[4],
             &n[5], &n[6], &n[7], &n[8], &n[9], &n[10]) < 11)
    return;
  struct monitor *m = insert(id);
  if (!m) return;
  m->pid = n[0];
  m->control.fd = own(n[1]);
  m->directory = own(n[2]);
  m->memory = own(n[3]);
  for (int i = 0; i < SPARES; i++) m->spares[i] = own(n[4 + i]);
  m->reaped = n[8] != 0;
  m->status = n[9];
  m->lazy = n[10] != 0;
  if (!map_memory(m)) {
    drop(m);
    return;
  }
  if (m->control.fd >= 0) loop_add(&m->control, EPOLLIN);
}
