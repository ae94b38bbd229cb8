/* The parts of the monitor. One writer: its single thread. */
#ifndef NACELLE_MONITOR_H
#define NACELLE_MONITOR_H

#include "common.h"

/* --- monitor.c --- */
extern int directory; /* the container's */
extern char container_id[101];
extern struct shared *shared;
extern int init_pidfd;
extern int empty_mounts; /* a mount namespace with nothing in it, of the keeper's; -1: none */
extern int lazy_group, lazy_table; /* held for the next keeper, never read; -1: none */
extern struct source control; /* to the keeper; fd -1 while there is none */
int shared_memory(void); /* the descriptor of *shared */
/* Calls back once at or after that time; 0 cancels. */
enum deadline { DEADLINE_KILL, DEADLINE_REAP, DEADLINE_LOOK, DEADLINE_NOTE, DEADLINE_SLOW_CLIENT, DEADLINE_END, DEADLINES };
void deadline_set(enum deadline d, uint64_t in_ms);
void deadline_cancel(enum deadline d);

/* --- config.c: monitor.conf, entries "key=value" that end with NUL --- */
bool config_load(void);
const char *config(const char *key); /* the first value, or "" */
/* The value after the one at *at (NULL to start), or NULL. */
const char *config_next(const char *key, const char **at);
bool config_flag(const char *key);

/* --- lifecycle.c --- */
struct client;
void life_request(struct client *c, uint32_t type, uint32_t id); /* CREATE, START, RUN */
void life_run(void);                        /* as RUN, before anybody asks */
void life_client_gone(struct client *c);
void life_adopt(void);
void life_child_exited(pid_t pid, int status); /* of waitpid */
pid_t life_runtime_pid(void);                  /* while crun or runc works; else 0 */
void life_reaped(pid_t pid, int status);       /* told by the keeper */
void life_reap_deadline(void);
void life_starter_moved(void); /* the native starter went a step on, or ended */
void life_look_deadline(void);
void life_note_deadline(void);
void life_stop(int signal, uint64_t grace_ms);
void life_kill_deadline(void);
void life_signal(int signal);
bool life_ended(void);

/* --- output.c --- */
void output_open(int out, int err, int in); /* takes them over; -1 where there is none */
void output_terminal(int master);           /* takes it over */
void output_new_terminal(int master);       /* and gives the keeper its spare */
void output_begin(void); /* of a container that has written nothing */
void output_recover(void);                  /* finishes the log write of a dead monitor */
void output_drain(void);
void output_pause(void);
void output_resume(void);
void output_reopen(void);
bool output_resize(uint32_t columns, uint32_t rows);
/* Writes input; the count taken, which may be less: then input_ready() is called later. */
size_t input_write(const uint8_t *data, size_t size);
void input_close(void);
int output_spare(int kind); /* the descriptor for a new keeper: 0 out, 1 err, 2 in, 3 terminal */

/* --- clients.c --- */
void clients_open(void);
void clients_listen(void); /* once: others can connect from then on */
void clients_add(int fd, bool watches);
void clients_input_ready(void);
void clients_output(int stream, const uint8_t *data, size_t size);
void clients_event(const struct message *m); /* to the watchers */
void clients_slow_deadline(void);
void clients_close_attached(void);
bool clients_idle(void); /* no exec runs and nothing waits to be sent */
void client_reply(struct client *c, const struct message *m);
void client_error(struct client *c, uint32_t id, int error, const char *text);

/* --- exec.c --- */
struct exec {
  struct client *client; /* NULL while the slot is free */
  struct source status;
  uint32_t id, flags;
  pid_t pid, helper;
  int ends[3]; /* ours: stdin, stdout, stderr */
  int terminal;
  bool failed, started, gone; /* gone: the client left */
  bool exited;
  int exit_status;
};
void exec_start(struct client *c, struct message *m);
void exec_client_gone(struct client *c);
bool exec_child_exited(pid_t pid, int status);
bool exec_any(void);

#endif
