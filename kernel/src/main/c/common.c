#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---------- event loop ---------- */

static int loop_fd = -1;

void loop_open(void) {
  loop_fd = epoll_create1(EPOLL_CLOEXEC);
  if (loop_fd < 0) _exit(70);
}

int loop_add(struct source *s, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = s};
  return epoll_ctl(loop_fd, EPOLL_CTL_ADD, s->fd, &e) == 0 ? 0 : errno;
}

void loop_change(struct source *s, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = s};
  epoll_ctl(loop_fd, EPOLL_CTL_MOD, s->fd, &e);
}

void loop_pause(struct source *s) { epoll_ctl(loop_fd, EPOLL_CTL_DEL, s->fd, NULL); }

void loop_close(struct source *s) {
  if (s->fd < 0) return;
  /* a duplicate in another process would keep the registration alive */
  epoll_ctl(loop_fd, EPOLL_CTL_DEL, s->fd, NULL);
  close(s->fd);
  s->fd = -1;
}

bool loop_step(int timeout_ms) {
  struct epoll_event e;
  int n = epoll_wait(loop_fd, &e, 1, timeout_ms);
  if (n < 0 && errno != EINTR) _exit(70);
  if (n <= 0) return false;
  struct source *s = e.data.ptr;
  s->ready(s, e.events);
  return true;
}

/* ---------- messages ---------- */

static void put32(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)v, p[1] = (uint8_t)(v >> 8), p[2] = (uint8_t)(v >> 16), p[3] = (uint8_t)(v >> 24);
}

static uint32_t get32(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void msg_begin(struct message *m, uint32_t type, uint32_t id) {
  put32(m->data, type);
  put32(m->data + 4, id);
  m->size = 8;
  m->bad = false;
  m->fd_count = 0;
}

void msg_reply(struct message *m, uint32_t id) {
  msg_begin(m, MSG_REPLY, id);
  msg_u32(m, 0);
  msg_string(m, "");
}

static uint8_t *grow(struct message *m, size_t size) {
  if (m->bad || size > MAX_MESSAGE - m->size) {
    m->bad = true;
    return NULL;
  }
  uint8_t *p = m->data + m->size;
  m->size += size;
  return p;
}

void msg_u32(struct message *m, uint32_t value) {
  uint8_t *p = grow(m, 4);
  if (p) put32(p, value);
}

void msg_u64(struct message *m, uint64_t value) {
  msg_u32(m, (uint32_t)value);
  msg_u32(m, (uint32_t)(value >> 32));
}

void msg_bytes(struct message *m, const void *data, size_t size) {
  uint8_t *p = grow(m, size);
  if (p) memcpy(p, data, size);
}

void msg_string(struct message *m, const char *text) {
  size_t n = strlen(text);
  msg_u32(m, (uint32_t)n);
  msg_bytes(m, text, n);
}

void msg_fd(struct message *m, int fd) {
  if (m->fd_count == MAX_FDS)
    m->bad = true;
  else
    m->fds[m->fd_count++] = fd;
}

int msg_send(int socket, const struct message *m) {
  if (m->bad) return EMSGSIZE;
  struct iovec part = {.iov_base = (void *)m->data, .iov_len = m->size};
  union {
    char space[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct cmsghdr align;
  } control;
  struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
  if (m->fd_count > 0) {
    memset(&control, 0, sizeof control);
    h.msg_control = control.space;
    h.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)m->fd_count);
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)m->fd_count);
    memcpy(CMSG_DATA(c), m->fds, sizeof(int) * (size_t)m->fd_count);
  }
  ssize_t n;
  do n = sendmsg(socket, &h, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

void msg_answer(int socket, const struct message *m) {
  if (msg_send(socket, m) != 0) shutdown(socket, SHUT_RDWR);
}

void msg_error(int socket, uint32_t id, int error, const char *format, ...) {
  static struct message m;
  char text[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  msg_begin(&m, MSG_REPLY, id);
  msg_u32(&m, (uint32_t)(error ? error : EIO));
  msg_string(&m, text);
  msg_answer(socket, &m);
}

int msg_receive(int socket, struct message *m) {
  struct iovec part = {.iov_base = m->data, .iov_len = MAX_MESSAGE};
  union {
    char space[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct cmsghdr align;
  } control;
  struct msghdr h = {.msg_iov = &part,
                     .msg_iovlen = 1,
                     .msg_control = control.space,
                     .msg_controllen = sizeof control.space};
  m->fd_count = 0;
  m->bad = false;
  ssize_t n;
  do n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    for (int i = 0; i < count && m->fd_count < MAX_FDS; i++)
      memcpy(&m->fds[m->fd_count++], CMSG_DATA(c) + sizeof(int) * (size_t)i, sizeof(int));
  }
  if (n < 8 || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
    msg_drop_fds(m);
    return -1;
  }
  m->size = (size_t)n;
  m->at = 8;
  return 1;
}

uint32_t msg_type(const struct message *m) { return get32(m->data); }
uint32_t msg_id(const struct message *m) { return get32(m->data + 4); }

uint32_t msg_get_u32(struct message *m) {
  if (m->bad || m->size - m->at < 4) {
    m->bad = true;
    return 0;
  }
  m->at += 4;
  return get32(m->data + m->at - 4);
}

uint64_t msg_get_u64(struct message *m) {
  uint64_t low = msg_get_u32(m);
  return low | (uint64_t)msg_get_u32(m) << 32;
}

void msg_get_string(struct message *m, char *text, size_t size) {
  uint32_t n = msg_get_u32(m);
  text[0] = 0;
  if (m->bad || n >= size || n > m->size - m->at || memchr(m->data + m->at, 0, n)) {
    m->bad = true;
    return;
  }
  memcpy(text, m->data + m->at, n);
  text[n] = 0;
  m->at += n;
}

int msg_take_fd(struct message *m) {
  for (int i = 0; i < m->fd_count; i++) {
    int fd = m->fds[i];
    if (fd >= 0) {
      m->fds[i] = -1;
      return fd;
    }
  }
  return -1;
}

void msg_drop_fds(struct message *m) {
  for (int i = 0; i < m->fd_count; i++)
    if (m->fds[i] >= 0) close(m->fds[i]);
  m->fd_count = 0;
}

/* ---------- sockets ---------- */

/* sun_path has 108 bytes: the directory is named by its descriptor. */
static socklen_t address(struct sockaddr_un *a, int directory, const char *name) {
  memset(a, 0, sizeof *a);
  a->sun_family = AF_UNIX;
  snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/%s", directory, name);
  return sizeof *a;
}

int socket_listen(int directory, const char *name) {
  struct sockaddr_un a;
  socklen_t length = address(&a, directory, name);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  unlinkat(directory, name, 0);
  mode_t old = umask(0177);
  int bound = bind(fd, (struct sockaddr *)&a, length);
  umask(old);
  if (bound != 0 || listen(fd, 128) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

int socket_connect(int directory, const char *name) {
  struct sockaddr_un a;
  socklen_t length = address(&a, directory, name);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&a, length) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

bool socket_peer_is_root(int socket) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

/* ---------- files, time, processes ---------- */

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t monotonic_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

void time_text(uint64_t ns, char text[40]) {
  time_t seconds = (time_t)(ns / 1000000000u);
  struct tm tm;
  gmtime_r(&seconds, &tm);
  size_t n = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
  snprintf(text + n, 40 - n, ".%09uZ", (unsigned)(ns % 1000000000u));
}

int write_all(int fd, const void *data, size_t size) {
  const char *p = data;
  while (size > 0) {
    ssize_t n = write(fd, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    p += n;
    size -= (size_t)n;
  }
  return 0;
}

int write_file_at(int directory, const char *name, const char *text) {
  int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = write_all(fd, text, strlen(text));
  close(fd);
  return error;
}

int replace_file_at(int directory, const char *name, const char *text, bool durable) {
  char temporary[128];
  snprintf(temporary, sizeof temporary, ".%s.new", name);
  int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int error = write_all(fd, text, strlen(text));
  if (!error && durable && fsync(fd) != 0) error = errno;
  close(fd);
  if (!error && renameat(directory, temporary, directory, name) != 0) error = errno;
  if (!error && durable) {
    /* the directory may have been passed as O_PATH-like handle: open it for the sync */
    int d = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d >= 0) {
      fsync(d);
      close(d);
    }
  }
  return error;
}

ssize_t read_file_at(int directory, const char *name, char *text, size_t size) {
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t at = 0;
  while (at < size - 1) {
    ssize_t n = read(fd, text + at, size - 1 - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += (size_t)n;
  }
  close(fd);
  text[at] = 0;
  return (ssize_t)at;
}

uint64_t process_start_ticks(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  if (read_file_at(AT_FDCWD, path, text, sizeof text) <= 0) return 0;
  char *p = strrchr(text, ')'); /* the name may hold anything */
  if (!p) return 0;
  for (int field = 2; field < 22; field++) {
    p = strchr(p + 1, ' ');
    if (!p) return 0;
  }
  return strtoull(p + 1, NULL, 10);
}

bool id_is_valid(const char *id) {
  size_t n = strlen(id);
  if (n == 0 || n > 100 || id[0] == '.') return false;
  return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

int pidfd_open_(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

void close_if(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

int number_high(int fd) {
  int high = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 8192) : -1;
  if (high < 0) return fd;
  close(fd);
  return high;
}

bool set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* A JSON string body: quotes, controls and bytes that are not ASCII are replaced. */
static void json_text(char *to, size_t size, const char *from) {
  size_t n = 0;
  for (; *from && n + 2 < size; from++) {
    unsigned char c = (unsigned char)*from;
    if (c == '"' || c == '\\') to[n++] = '\\';
    to[n++] = c < 0x20 || c >= 0x7f ? ' ' : (char)c;
  }
  to[n] = 0;
}

int write_exit_file(int directory, int code, int signal, bool oom, uint64_t started,
                    uint64_t first_output, uint64_t finished, const char *message) {
  char text[2048], escaped[1024];
  json_text(escaped, sizeof escaped, message);
  snprintf(text, sizeof text,
           "{\"exitCode\":%d,\"signal\":%d,\"oom\":%s,\"startedAt\":%llu,\"firstOutputAt\":%llu,"
           "\"finishedAt\":%llu,\"message\":\"%s\"}\n",
           code, signal, oom ? "true" : "false", (unsigned long long)started,
           (unsigned long long)first_output, (unsigned long long)finished, escaped);
  return replace_file_at(directory, "exit", text, true);
}

long oom_kills(const char *path) {
  char text[1024];
  if (!path[0] || read_file_at(AT_FDCWD, path, text, sizeof text) <= 0) return 0;
  char *p = strstr(text, "oom_kill ");
  return p ? strtol(p + 9, NULL, 10) : 0;
}
