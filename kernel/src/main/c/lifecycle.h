/* The container's ends of its stdio: stdin, stdout, stderr; -1 once they were handed over. */
#ifndef NACELLE_LIFECYCLE_H
#define NACELLE_LIFECYCLE_H
extern int child_stdio[3];
#endif
