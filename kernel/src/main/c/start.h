/* The native starter: its process side, and what it asks of the file system side. */
#ifndef NACELLE_START_H
#define NACELLE_START_H

#include "monitor.h"

/* --- start.c; what becomes of it is told to lifecycle.c by life_starter_* --- */
/* Clones the container's first process, which sets itself up; 0 or an errno. */
int start_begin(bool run);
/* Opens the gate of a created container; 0 or an errno. */
int start_release(void);
/* Whether the process of this number has left the monitor's program behind. */
bool start_has_executed(pid_t pid);
void start_close(void);

/* --- mounts.c, called in this order in the new process --- */
void mounts_prepare(void);          /* in the host's mount namespace */
void mounts_enter(void);            /* in an empty one */
void mounts_finish(void);

/* --- devices.c --- */
void devices_make(bool dev_is_given);
void devices_console(int terminal);
void paths_cover(int empty); /* a directory with what covers: "null" and "empty" */

/* --- paths.c; descriptors of O_PATH, or -1 with errno --- */
extern int path_root;
int path_find(const char *path, uint64_t flags);
/* Finds it, or makes what is missing of it: directories, and as the last step a file if so asked. */
int path_make(const char *path, bool last_file);

#endif
