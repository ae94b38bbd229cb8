/* Containers by crun or runc; for lifecycle.c. */
#ifndef NACELLE_OCI_H
#define NACELLE_OCI_H

#include "monitor.h"

int oci_begin(bool run);     /* forks the runtime; 0 or an errno */
void oci_finished(bool good); /* the runtime has ended */
void oci_message(char *text, size_t size);
bool oci_find_init(void);    /* by the pid file */
int oci_release(void);       /* lets a created container go; 0 or an errno */
void oci_close(void);

#endif
