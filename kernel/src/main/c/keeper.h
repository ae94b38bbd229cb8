/* The parts of the keeper. One writer: its single thread. */
#ifndef NACELLE_KEEPER_H
#define NACELLE_KEEPER_H

#include "common.h"

/* --- keeper.c --- */
extern int run_directory;        /* DIR/node/run */
extern char monitor_path[4096];
extern char **keeper_environment;
void broadcast(const struct message *m); /* to the connections that watch */

/* --- sandboxes.c --- */
void sandboxes_open(void); /* remembers the host's namespaces, opens ns/, adopts pins */
void sandbox_ensure(int client, struct message *m);
void sandbox_open(int client, struct message *m);
void sandbox_remove(int client, struct message *m);
void sandbox_list(int client, struct message *m);
void sandboxes_remove_all(void);
void pool_target(uint32_t count);
int sandboxes_idle_in(void); /* ms until there is work for an idle keeper; -1: there is none */
void sandboxes_idle(void);   /* does a part of it */
void sandbox_child_reaped(pid_t pid);
void sandboxes_save(int state);
void sandboxes_load(const char *line);

/* --- starter.c: what monitors start with --- */
void starter_open(void);       /* reads the monitor's program, makes the empty mount namespace */
extern int starter_program;    /* the program in sealed memory; -1: execute its file */
extern int starter_mounts;     /* the namespace, or -1 where the kernel does not allow it */

/* --- processes.c: of monitors --- */
int process_start(const char *id, pid_t *pid); /* the control channel, or -1 with errno */
int process_take(pid_t *pid);                  /* of one that waits; -1: there is none */
void processes_target(uint32_t count);
int processes_idle_in(void); /* as sandboxes_idle_in */
void processes_idle(void);

/* --- monitors.c --- */
void monitors_open(void); /* adopts the monitors of a dead keeper */
void monitor_start(int client, struct message *m);
void monitor_adopt(int client, struct message *m);
void monitor_forget(int client, struct message *m);
bool monitors_live(void);
void monitor_child_reaped(pid_t pid, int status);
void monitors_save(int state);
void monitors_load(const char *line);

/* --- lazy.c: files that are filled while they are read --- */
void lazy_add(int client, struct message *m);
void lazy_remove(int client, struct message *m);
void lazy_list(int client, struct message *m);
void lazy_file(int client, struct message *m);
bool lazy_any(void);
void lazy_child_reaped(pid_t pid);
void lazy_save(int state);
void lazy_load(const char *line);

/* --- reads.c, group.c: the fanotify group, and the reads that wait --- */
const char *reads_missing(void); /* why this machine cannot do it, or "": a file was marked */
int reads_hold(void);            /* the group, for monitors to hold; -1: none */
int reads_table(void);           /* what is held beside it: the reads that wait */
void reads_take_found(int fd, int table); /* of a monitor; not read before the platform says so */
void reads_open(int client, struct message *m);
void reads_serve(struct source *client, struct message *m);
void reads_answer(struct source *client, struct message *m);
void reads_writable(struct source *client);
void reads_client_gone(struct source *client);
void reads_save(int state);
void reads_load(const char *line);

#endif
