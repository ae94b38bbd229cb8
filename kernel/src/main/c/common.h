/* What keeper and monitor share: the event loop, messages, files. */
#ifndef NACELLE_COMMON_H
#define NACELLE_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* --- event loop: one event at a time, so a handler may close and free any source --- */
struct source {
  int fd;
  void (*ready)(struct source *, uint32_t events);
};
void loop_open(void);
int loop_add(struct source *s, uint32_t events);
void loop_change(struct source *s, uint32_t events);
/* Stops watching; loop_add resumes. */
void loop_pause(struct source *s);
/* Removes the source and closes its descriptor. */
void loop_close(struct source *s);
/* Waits at most timeout_ms (-1: for ever) for one event and handles it; false if there was none. */
bool loop_step(int timeout_ms);

/* --- messages --- */
struct message {
  uint8_t data[MAX_MESSAGE];
  size_t size; /* filled while writing, total while reading */
  size_t at;   /* read position */
  bool bad;    /* a read went past the end, or a write past the bound */
  int fds[MAX_FDS];
  int fd_count;
};
void msg_begin(struct message *m, uint32_t type, uint32_t id);
void msg_reply(struct message *m, uint32_t id); /* a success; fields may follow */
void msg_u32(struct message *m, uint32_t value);
void msg_u64(struct message *m, uint64_t value);
void msg_bytes(struct message *m, const void *data, size_t size);
void msg_string(struct message *m, const char *text);
void msg_fd(struct message *m, int fd); /* borrowed */
/* 0, or an errno; EAGAIN where the peer's buffer is full. */
int msg_send(int socket, const struct message *m);
/* An answer that finds no room ends the connection: its caller must not wait for ever. */
void msg_answer(int socket, const struct message *m);
void msg_error(int socket, uint32_t id, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* 1: a message, whose descriptors the caller owns; 0: nothing yet; -1: the peer is gone or broken. */
int msg_receive(int socket, struct message *m);
uint32_t msg_type(const struct message *m);
uint32_t msg_id(const struct message *m);
uint32_t msg_get_u32(struct message *m);
uint64_t msg_get_u64(struct message *m);
/* Copies a string of at most size - 1 bytes without NUL, and ends it with one; else marks bad. */
void msg_get_string(struct message *m, char *text, size_t size);
int msg_take_fd(struct message *m); /* the next descriptor, or -1; the caller owns it */
void msg_drop_fds(struct message *m);

/* --- sockets --- */
int socket_listen(int directory, const char *name);  /* at directory/name, mode 0600; fd or -1 */
int socket_connect(int directory, const char *name); /* fd or -1 */
bool socket_peer_is_root(int socket);

/* --- files, time, processes --- */
uint64_t now_ns(void);
uint64_t monotonic_ms(void);
void time_text(uint64_t ns, char text[40]); /* RFC 3339 with nanoseconds, UTC */
int write_all(int fd, const void *data, size_t size);                      /* 0 or errno */
int write_file_at(int directory, const char *name, const char *text);      /* existing file, one write */
int replace_file_at(int directory, const char *name, const char *text, bool durable); /* 0 or errno */
/* Reads at most size - 1 bytes and ends them with NUL; the count or -1. */
ssize_t read_file_at(int directory, const char *name, char *text, size_t size);
uint64_t process_start_ticks(pid_t pid); /* 0 if there is no such process */
bool id_is_valid(const char *id);
int pidfd_open_(pid_t pid);
void close_if(int *fd); /* closes unless -1, and sets -1 */
/* The descriptor by a high number where it can have one, the low one closed: low numbers are for events. */
int number_high(int fd);
bool set_nonblocking(int fd);
/* Writes the exit file of a container; 0 or errno. */
int write_exit_file(int directory, int code, int signal, bool oom, uint64_t started,
                    uint64_t first_output, uint64_t finished, const char *message);
/* How often the kernel killed for memory in the cgroup whose file this is ("oom_kill N"). */
long oom_kills(const char *path);

/* --- the state a monitor shares with the keeper, which outlives it; one page, then the tails --- */
#define SHARED_MAGIC 0x4e41434c
#define TAIL_SIZE 32768
struct shared {
  uint32_t magic;
  uint32_t state;
  int32_t runtime_pid; /* crun or runc at work */
  int32_t init_pid;
  uint64_t init_ticks;
  uint64_t created, started, first_output;
  uint32_t want_start; /* the runtime was told to create and start */
  uint32_t phase;      /* PHASE_*: how far the native starter came; written by the new process too */
  /* A tail is output that was read and is not in the log yet, by stream: start, length and pending
     in one word (see output.c), so that a kill never sees half of a change. While pending is not 0,
     the log was log_before long and the first pending bytes of the tail were being written to it. */
  uint64_t tail[2];
  uint64_t log_before;
  int32_t failure_errno; /* with PHASE_FAILED */
  char failure[700];
};
enum {
  PHASE_NONE, /* nothing begun, or by an OCI runtime */
  PHASE_SETTING_UP,
  PHASE_WAITING,   /* at the gate, for the start */
  PHASE_EXECUTING, /* execve is next, or done */
  PHASE_FAILED,
  PHASE_UNKNOWN, /* keeper and monitor died: the process itself must be looked at */
};
#define SHARED_SIZE (4096 + 2 * TAIL_SIZE)
static inline uint8_t *shared_tail(struct shared *s, int stream) {
  return (uint8_t *)s + 4096 + stream * TAIL_SIZE;
}

#endif
