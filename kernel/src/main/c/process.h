/* The last steps of a process before it becomes a container's: shared by the starter and exec. */
#ifndef NACELLE_PROCESS_H
#define NACELLE_PROCESS_H

#include "monitor.h"

/* How a child tells what went wrong; does not return. The text says all, the error included. */
extern void (*child_failed)(int error, const char *text) __attribute__((noreturn));
/* As that, with ": " and the words of the error behind the text. */
_Noreturn void child_error(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails with errno as "cannot WHAT". */
void child_check(bool good, const char *what);
/* The error in words as Go's programs say them: "no such file or directory". */
const char *error_words(int error);

/* Joins the configured cgroups, all but the named one. The first that refused, with errno; or NULL. */
const char *cgroups_join(const char *except);
uint32_t process_uid(void);
/* The seccomp program of the configuration, read before the host's files are out of reach. */
void seccomp_read(void);
/* User, groups, capabilities, no_new_privs and seccomp as configured. */
void identity_take(void);
/* What must not be filtered earlier: seccomp where no_new_privs allows it at the end. */
void seccomp_apply_late(void);
/* As at the start of a system: none ignored, none blocked. */
void signals_reset(void);
/* A terminal of this mount namespace: the slave; its master goes over the socket. */
int terminal_make(int socket, uint32_t columns, uint32_t rows);
/* Takes a terminal, or three ends, -1 where there is none, as standard streams. */
void streams_take(const int ends[3], bool terminal);
/* The working directory, as root or else as the user; it must be in the container. */
void directory_enter_early(void);
void directory_enter_late(void);
/* Finds the command or fails; then executes it with the configured environment. */
const char *command_find(char *const *arguments);
_Noreturn void command_execute(const char *file, char *const *arguments, bool terminal);

#endif
