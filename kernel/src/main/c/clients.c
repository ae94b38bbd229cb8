/* Connections: requests, events for watchers, attached streams. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

#define MAX_CLIENTS 128
#define SLOW_MS 10000
#define CHUNK 16384

struct client {
  struct source source;
  bool watches, attached, used_stdin;
  uint8_t *unsent; /* one output message that the peer had no room for */
  size_t unsent_size;
  uint8_t *input; /* input that the container had no room for; until then nothing is received */
  size_t input_size, input_at;
};

static struct client clients[MAX_CLIENTS];
static struct source listener = {.fd = -1};
static struct message request, answer;

static void client_ready(struct source *s, uint32_t events);

static void close_client(struct client *c) {
  if (c->source.fd < 0) return;
  bool attached = c->attached;
  loop_close(&c->source);
  free(c->unsent);
  free(c->input);
  c->unsent = c->input = NULL;
  c->attached = c->watches = false;
  life_client_gone(c);
  exec_client_gone(c);
  if (attached && config_flag("stdinonce")) input_close();
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].unsent) return;
  deadline_cancel(DEADLINE_SLOW_CLIENT);
  if (!life_ended()) output_resume();
}

/* Answers are small and asked for: a peer that leaves no room for them is dropped. */
void client_reply(struct client *c, const struct message *m) {
  if (c->source.fd >= 0) msg_answer(c->source.fd, m);
}

void client_error(struct client *c, uint32_t id, int error, const char *text) {
  if (c->source.fd >= 0) msg_error(c->source.fd, id, error, "%s", text);
}

void clients_event(const struct message *m) {
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].watches) client_reply(&clients[i], m);
}

/* --- attached output: one slow reader holds the container back, for a while --- */

void clients_output(int stream, const uint8_t *data, size_t size) {
  bool slow = false;
  for (int i = 0; i < MAX_CLIENTS; i++) {
    struct client *c = &clients[i];
    if (c->source.fd < 0 || !c->attached) continue;
    for (size_t at = 0; at < size; at += CHUNK) {
      msg_begin(&answer, EVENT_OUTPUT, 0);
      msg_u32(&answer, (uint32_t)stream);
      msg_bytes(&answer, data + at, size - at < CHUNK ? size - at : CHUNK);
      int error = c->unsent ? EAGAIN : msg_send(c->source.fd, &answer);
      if (error == 0) continue;
      /* at most two chunks wait: reading is paused below */
      uint8_t *room = error == EAGAIN ? realloc(c->unsent, c->unsent_size + 4 + answer.size) : NULL;
      if (!room) {
        shutdown(c->source.fd, SHUT_RDWR);
        break;
      }
      uint32_t length = (uint32_t)answer.size;
      if (!c->unsent) c->unsent_size = 0;
      memcpy(room + c->unsent_size, &length, 4);
      memcpy(room + c->unsent_size + 4, answer.data, answer.size);
      c->unsent = room;
      c->unsent_size += 4 + answer.size;
      loop_change(&c->source, EPOLLIN | EPOLLOUT);
      slow = true;
    }
  }
  if (slow && !life_ended()) {
    output_pause();
    deadline_set(DEADLINE_SLOW_CLIENT, SLOW_MS);
  }
}

static void send_unsent(struct client *c) {
  size_t at = 0;
  while (at < c->unsent_size) {
    uint32_t length;
    memcpy(&length, c->unsent + at, 4);
    answer.size = length;
    answer.bad = false;
    answer.fd_count = 0;
    memcpy(answer.data, c->unsent + at + 4, length);
    int error = msg_send(c->source.fd, &answer);
    if (error == EAGAIN) break;
    if (error) {
      close_client(c);
      return;
    }
    at += 4 + length;
  }
  memmove(c->unsent, c->unsent + at, c->unsent_size - at);
  c->unsent_size -= at;
  if (c->unsent_size > 0) return;
  free(c->unsent);
  c->unsent = NULL;
  if (life_ended()) {
    close_client(c);
    return;
  }
  loop_change(&c->source, EPOLLIN);
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].unsent) return;
  deadline_cancel(DEADLINE_SLOW_CLIENT);
  output_resume();
}

void clients_slow_deadline(void) {
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].unsent) close_client(&clients[i]);
}

void clients_close_attached(void) {
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].attached && !clients[i].unsent) close_client(&clients[i]);
}

bool clients_idle(void) {
  for (int i = 0; i < MAX_CLIENTS; i++)
    if (clients[i].source.fd >= 0 && clients[i].unsent) return false;
  return !exec_any();
}

/* --- input --- */

static void take_input(struct client *c, const uint8_t *data, size_t size) {
  size_t n = input_write(data, size);
  if (n == size) return;
  c->input = malloc(size - n);
  if (!c->input) {
    close_client(c);
    return;
  }
  memcpy(c->input, data + n, size - n);
  c->input_size = size - n;
  c->input_at = 0;
  loop_pause(&c->source); /* its end is noticed after the input is gone */
}

void clients_input_ready(void) {
  for (int i = 0; i < MAX_CLIENTS; i++) {
    struct client *c = &clients[i];
    if (c->source.fd < 0 || !c->input) continue;
    c->input_at += input_write(c->input + c->input_at, c->input_size - c->input_at);
    if (c->input_at < c->input_size) return;
    free(c->input);
    c->input = NULL;
    loop_add(&c->source, c->unsent ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

/* --- requests --- */

static void answer_status(struct client *c, uint32_t id) {
  msg_reply(&answer, id);
  msg_u32(&answer, shared->state);
  msg_u32(&answer, (uint32_t)shared->init_pid);
  msg_u64(&answer, shared->created);
  msg_u64(&answer, shared->started);
  msg_u64(&answer, shared->first_output);
  client_reply(c, &answer);
}

static void take_over(struct client *c, uint32_t id) {
  static const uint32_t flags[] = {INIT_STDOUT, INIT_STDERR, INIT_STDIN, INIT_TTY};
  uint32_t present = 0;
  for (int i = 0; i < 4; i++)
    if (output_spare(i) >= 0) present |= flags[i];
  if (lazy_group >= 0) present |= INIT_LAZY;
  msg_reply(&answer, id);
  msg_u32(&answer, present);
  msg_u32(&answer, (uint32_t)getpid());
  msg_fd(&answer, shared_memory());
  for (int i = 0; i < 4; i++)
    if (output_spare(i) >= 0) msg_fd(&answer, output_spare(i));
  if (lazy_group >= 0) msg_fd(&answer, lazy_group), msg_fd(&answer, lazy_table);
  if (msg_send(c->source.fd, &answer) != 0) return;
  /* the connection leaves the clients and becomes the control channel */
  loop_pause(&c->source);
  int fd = c->source.fd;
  c->source.fd = -1;
  loop_close(&control);
  control.fd = fd;
  loop_add(&control, EPOLLIN);
}

static void handle(struct client *c, struct message *m) {
  uint32_t id = msg_id(m), type = msg_type(m);
  switch (type) {
    case MSG_HELLO:
      msg_reply(&answer, id);
      msg_u32(&answer, PROTOCOL_VERSION);
      msg_u32(&answer, (uint32_t)getpid());
      client_reply(c, &answer);
      return;
    case MONITOR_CREATE:
    case MONITOR_START:
    case MONITOR_RUN: life_request(c, type, id); return;
    case MONITOR_STATUS: answer_status(c, id); return;
    case MONITOR_WATCH:
      c->watches = true;
      answer_status(c, id);
      return;
    case MONITOR_STOP: {
      uint32_t signal = msg_get_u32(m);
      uint64_t grace = msg_get_u64(m);
      if (m->bad || signal > 64) break;
      life_stop((int)signal, grace);
      answer_status(c, id);
      return;
    }
    case MONITOR_SIGNAL: {
      uint32_t signal = msg_get_u32(m);
      if (m->bad || signal == 0 || signal > 64) break;
      if (init_pidfd >= 0 && !life_ended()) life_signal((int)signal);
      answer_status(c, id);
      return;
    }
    case MONITOR_EXEC: exec_start(c, m); return;
    case MONITOR_ATTACH:
      if (life_ended()) {
        client_error(c, id, ESRCH, "cannot attach: the container has ended");
        return;
      }
      c->attached = true;
      msg_reply(&answer, id);
      msg_u32(&answer, (config_flag("tty") ? STDIO_TTY : 0u) | (config_flag("stdin") ? STDIO_STDIN : 0u));
      client_reply(c, &answer);
      return;
    case MONITOR_STDIN:
      if (c->attached) take_input(c, m->data + 8, m->size - 8);
      return;
    case MONITOR_STDIN_CLOSE:
      if (c->attached && config_flag("stdinonce")) input_close();
      return;
    case MONITOR_RESIZE: {
      uint32_t columns = msg_get_u32(m), rows = msg_get_u32(m);
      if (m->bad || !output_resize(columns, rows)) {
        client_error(c, id, ENOTTY, "cannot set the size of the terminal: there is none");
        return;
      }
      answer_status(c, id);
      return;
    }
    case MONITOR_REOPEN_LOG:
      output_reopen();
      answer_status(c, id);
      return;
    case CONTROL_TAKEOVER: take_over(c, id); return;
    default:
      msg_error(c->source.fd, id, ENOSYS, "cannot handle message 0x%04x: the monitor speaks version %d",
                type, PROTOCOL_VERSION);
      return;
  }
  client_error(c, id, EINVAL, "cannot handle the message: it is malformed");
}

static void client_ready(struct source *s, uint32_t events) {
  struct client *c = (struct client *)s;
  if (c->unsent && (events & EPOLLOUT)) {
    send_unsent(c);
    if (c->source.fd < 0 || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  }
  int got = msg_receive(s->fd, &request);
  if (got > 0) {
    handle(c, &request);
    msg_drop_fds(&request);
  } else if (got < 0) {
    close_client(c);
  }
}

void clients_add(int fd, bool watches) {
  for (int i = 0; i < MAX_CLIENTS; i++) {
    if (clients[i].source.fd >= 0) continue;
    clients[i] = (struct client){.source = {fd, client_ready}, .watches = watches};
    set_nonblocking(fd);
    if (loop_add(&clients[i].source, EPOLLIN) == 0) return;
    clients[i].source.fd = -1;
    break;
  }
  close(fd);
}

static void listener_ready(struct source *s, uint32_t events) {
  (void)events;
  int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (socket_peer_is_root(fd))
    clients_add(fd, false);
  else
    close(fd);
}

void clients_open(void) {
  for (int i = 0; i < MAX_CLIENTS; i++) clients[i].source.fd = -1;
}

void clients_listen(void) {
  static bool listens;
  if (listens) return;
  listens = true;
  listener = (struct source){socket_listen(directory, "monitor.sock"), listener_ready};
  if (listener.fd >= 0) loop_add(&listener, EPOLLIN);
}
