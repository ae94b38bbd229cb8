/* Files that are filled while they are read; for lazy.c and reads.c. */
#ifndef NACELLE_LAZY_H
#define NACELLE_LAZY_H

#include "keeper.h"

struct lazy_file {
  char id[101];
  uint32_t handle;
  uint64_t size, chunk;
  dev_t device;
  ino_t inode;
  int blob, map;
  bool silent;        /* reads of blob raise no events */
  pid_t probe;        /* reads it, to see whether they do */
  uint32_t *present;  /* the map; the platform writes it */
  struct lazy_file *next;
};

/* --- lazy.c --- */
struct lazy_file *lazy_find_inode(dev_t device, ino_t inode);
struct lazy_file *lazy_find_handle(uint32_t handle);
bool lazy_present(const struct lazy_file *f, uint64_t offset, uint64_t count);
/* Whether files were there and are gone, and what their late readers get: an errno, 0, or -1: never there. */
int lazy_gone(dev_t device, ino_t inode);

/* --- reads.c --- */
extern int reads_group; /* -1: none */
void reads_found_file(struct lazy_file *f);           /* events waited for it to be known */
void reads_lost_file(struct lazy_file *f, int error); /* answers all that wait for it */
int reads_drop_mark(struct lazy_file *f);

#endif
