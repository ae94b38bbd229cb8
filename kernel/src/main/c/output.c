/* The container's output: read, written to the log in the CRI format, copied to who is attached.
   A kill of this process at any point neither loses nor repeats a line: see struct shared. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "monitor.h"

#define PARTIAL 16384
#define BATCH 32

static void output_ready(struct source *s, uint32_t events);
static void input_ready(struct source *s, uint32_t events);
static struct source out[2] = {{-1, output_ready}, {-1, output_ready}};
static struct source in = {-1, input_ready};
static bool terminal, paused, input_waits;
static int log_fd = -1;
static uint64_t log_size, log_max;

/* --- a tail in one word --- */
/* All of the tail's room that holds nothing is zero, so that bytes that were read when the kill came,
   before the word could say so, are found. Set in each word of a monitor that keeps it so. */
#define ROOM_IS_ZERO (1ull << 60)

static uint64_t pack(size_t start, size_t length, size_t pending) {
  return (uint64_t)start | (uint64_t)length << 20 | (uint64_t)pending << 40;
}
static size_t start_of(uint64_t w) { return w & 0xfffff; }
static size_t length_of(uint64_t w) { return w >> 20 & 0xfffff; }
static size_t pending_of(uint64_t w) { return w >> 40 & 0xfffff; }
static uint64_t tail_get(int stream) { return __atomic_load_n(&shared->tail[stream], __ATOMIC_SEQ_CST); }
static void tail_set(int stream, uint64_t w) { __atomic_store_n(&shared->tail[stream], w, __ATOMIC_SEQ_CST); }

static void clear(uint8_t *tail, size_t from, size_t to) {
  if (from < to) memset(tail + from, 0, to - from);
}

/* The tail is [start, start + length) from now on, where [from, to) held something before. */
static void tail_keep(int stream, size_t start, size_t length, size_t from, size_t to) {
  uint8_t *tail = shared_tail(shared, stream);
  size_t end = start + length;
  tail_set(stream, pack(start, length, 0));
  clear(tail, from, to < start ? to : start);
  clear(tail, from > end ? from : end, to);
  tail_set(stream, pack(length ? start : 0, length, 0) | ROOM_IS_ZERO);
}

/* How many bytes behind the tail were read and not counted. Their last one is taken for a zero where
   it is one: only then, and only in those instructions, a byte can be lost. */
static size_t uncounted(int stream, size_t end) {
  const uint8_t *tail = shared_tail(shared, stream);
  size_t last = TAIL_SIZE;
  while (last > end && tail[last - 1] == 0) last--;
  return last - end;
}

/* --- the log file --- */

static void log_open(void) {
  struct stat st;
  const char *path = config("log");
  if (!path[0]) return;
  log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  log_size = log_fd >= 0 && fstat(log_fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void log_rotate(void) {
  const char *path = config("log");
  char from[4200], to[4200];
  for (int i = atoi(config("logfiles")) - 1; i > 0; i--) {
    snprintf(to, sizeof to, "%s.%d", path, i);
    if (i > 1)
      snprintf(from, sizeof from, "%s.%d", path, i - 1);
    else
      snprintf(from, sizeof from, "%s", path);
    rename(from, to);
  }
  output_reopen();
}

void output_reopen(void) {
  close_if(&log_fd);
  log_open();
}

void output_recover(void) {
  for (int i = 0; i < 2; i++) {
    uint64_t w = tail_get(i);
    if (start_of(w) + length_of(w) > TAIL_SIZE) w = 0; /* a page of another version */
    if (pending_of(w) && log_fd >= 0 && log_size > shared->log_before &&
        ftruncate(log_fd, (off_t)shared->log_before) == 0)
      log_size = shared->log_before;
    size_t start = start_of(w), length = length_of(w);
    if (w & ROOM_IS_ZERO) {
      clear(shared_tail(shared, i), 0, start); /* what was being moved there */
      tail_set(i, pack(start, length + uncounted(i, start + length), 0) | ROOM_IS_ZERO);
    } else {
      tail_keep(i, start, length, 0, TAIL_SIZE);
    }
  }
}

static void write_parts(struct iovec *parts, int count, uint64_t before) {
  while (count > 0 && log_fd >= 0) {
    ssize_t n = writev(log_fd, parts, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      /* a full disk: these lines are lost, the container is not stopped for it */
      if (ftruncate(log_fd, (off_t)before) == 0) log_size = before;
      return;
    }
    log_size += (uint64_t)n;
    while (count > 0 && (size_t)n >= parts->iov_len) {
      n -= (ssize_t)parts->iov_len;
      parts++, count--;
    }
    if (count > 0) {
      parts->iov_base = (char *)parts->iov_base + n;
      parts->iov_len -= (size_t)n;
    }
  }
}

/* Logs up to BATCH lines of the tail; true if it logged any. At the end the rest goes out too. */
static bool log_batch(int stream, bool end) {
  static char headers[BATCH][64];
  struct iovec parts[BATCH * 3];
  int count = 0, lines = 0;
  uint64_t w = tail_get(stream);
  size_t start = start_of(w), length = length_of(w), at = 0;
  uint8_t *tail = shared_tail(shared, stream) + start;
  char time[40];
  time_text(now_ns(), time);
  while (lines < BATCH && at < length) {
    size_t most = length - at < PARTIAL ? length - at : PARTIAL;
    uint8_t *newline = memchr(tail + at, '\n', most);
    /* a newline just behind a full part makes that part the end of the line */
    if (!newline && most == PARTIAL && length - at > PARTIAL && tail[at + PARTIAL] == '\n')
      newline = tail + at + PARTIAL;
    if (!newline && (most < PARTIAL || (length - at == PARTIAL && !end)) && !end) break;
    size_t text = newline ? (size_t)(newline - (tail + at)) : most;
    int n = snprintf(headers[lines], sizeof headers[0], "%s %s %c ", time, stream ? "stderr" : "stdout",
                     newline ? 'F' : 'P');
    parts[count++] = (struct iovec){headers[lines], (size_t)n};
    parts[count++] = (struct iovec){tail + at, text};
    parts[count++] = (struct iovec){"\n", 1};
    at += text + (newline ? 1 : 0);
    lines++;
  }
  if (lines == 0) return false;
  shared->log_before = log_size;
  tail_set(stream, pack(start, length, at) | ROOM_IS_ZERO);
  write_parts(parts, count, shared->log_before);
  tail_keep(stream, start + at, length - at, start, start + at);
  if (log_fd >= 0 && log_size > log_max) log_rotate();
  return true;
}

/* Reads once; the count, 0 at the end, -1 when there is nothing now. */
static ssize_t read_some(int stream) {
  uint64_t w = tail_get(stream);
  size_t start = start_of(w), length = length_of(w);
  uint8_t *tail = shared_tail(shared, stream);
  if (TAIL_SIZE - start - length < PARTIAL / 2 && length <= start) {
    memcpy(tail, tail + start, length);
    tail_keep(stream, 0, length, start, start + length);
    start = 0;
  }
  ssize_t n = read(out[stream].fd, tail + start + length, TAIL_SIZE - start - length);
  if (n < 0) return errno == EINTR || errno == EAGAIN ? -1 : 0;
  if (n == 0) return 0;
  tail_set(stream, pack(start, length + (size_t)n, 0) | ROOM_IS_ZERO);
  if (shared->first_output == 0) {
    static struct message m;
    shared->first_output = now_ns();
    msg_begin(&m, EVENT_FIRST_OUTPUT, 0);
    msg_u64(&m, shared->first_output);
    clients_event(&m);
  }
  clients_output(stream + 1, tail + start + length, (size_t)n);
  while (log_batch(stream, false)) continue;
  return n;
}

static void output_ready(struct source *s, uint32_t events) {
  (void)events;
  /* 0: all writers are gone (for a terminal EIO, which a later opener may end: drained at the end) */
  if (read_some(s == &out[1]) == 0) loop_pause(s);
}

void output_drain(void) {
  for (int i = 0; i < 2; i++) {
    /* bounded: a process outside of the container may hold the pipe and write on */
    for (int n = 0; out[i].fd >= 0 && n < 1024 && read_some(i) > 0; n++) continue;
    while (log_batch(i, true)) continue;
  }
}

static void watch_output(void) {
  for (int i = 0; i < 2; i++)
    if (out[i].fd >= 0) loop_add(&out[i], EPOLLIN);
}

void output_pause(void) {
  if (paused) return;
  paused = true;
  for (int i = 0; i < 2; i++)
    if (out[i].fd >= 0) loop_pause(&out[i]);
}

void output_resume(void) {
  if (!paused) return;
  paused = false;
  watch_output();
}

void output_open(int stdout_fd, int stderr_fd, int stdin_fd) {
  log_max = strtoull(config("logmax"), NULL, 10);
  log_open();
  out[0].fd = stdout_fd;
  out[1].fd = stderr_fd;
  in.fd = stdin_fd;
  for (int i = 0; i < 2; i++)
    if (out[i].fd >= 0) set_nonblocking(out[i].fd);
  if (in.fd >= 0) set_nonblocking(in.fd);
  watch_output();
}

void output_begin(void) {
  /* the memory is fresh */
  for (int i = 0; i < 2; i++) tail_set(i, ROOM_IS_ZERO);
}

void output_terminal(int master) {
  terminal = true;
  set_nonblocking(master);
  out[0].fd = master;
  in.fd = fcntl(master, F_DUPFD_CLOEXEC, 3);
  watch_output();
}

void output_new_terminal(int master) {
  static struct message note;
  output_terminal(master);
  msg_begin(&note, CONTROL_SPARE, 0);
  msg_u32(&note, INIT_TTY);
  msg_fd(&note, master);
  if (control.fd >= 0) msg_send(control.fd, &note);
}

bool output_resize(uint32_t columns, uint32_t rows) {
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  return terminal && out[0].fd >= 0 && ioctl(out[0].fd, TIOCSWINSZ, &size) == 0;
}

size_t input_write(const uint8_t *data, size_t size) {
  if (in.fd < 0) return size; /* nobody reads it */
  size_t done = 0;
  while (done < size) {
    ssize_t n = write(in.fd, data + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      if (!input_waits) input_waits = loop_add(&in, EPOLLOUT) == 0;
      return done;
    }
    if (n < 0) {
      input_close();
      return size;
    }
    done += (size_t)n;
  }
  return done;
}

static void input_ready(struct source *s, uint32_t events) {
  (void)events;
  loop_pause(s);
  input_waits = false;
  clients_input_ready();
}

void input_close(void) {
  if (in.fd < 0 || terminal) return;
  static struct message m;
  loop_close(&in);
  msg_begin(&m, CONTROL_STDIN_CLOSED, 0);
  if (control.fd >= 0) msg_send(control.fd, &m);
}

int output_spare(int kind) {
  if (terminal) return kind == 3 ? out[0].fd : -1;
  return kind == 0 ? out[0].fd : kind == 1 ? out[1].fd : kind == 2 ? in.fd : -1;
}
