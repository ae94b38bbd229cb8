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

#define MAX_READS 4096

struct lazy_read {
  uint32_t used; /* 0: the slot is free; set last, cleared before the number can be another's */
  uint32_t uses; /* of the slot: makes the sequence number */
  int32_t number; /* the event's descriptor */
  bool queued;    /* the slot is in the ring, maybe on behalf of an earlier read */
  bool foreign;   /* a dead keeper's, and the number is something else in this process */
  struct lazy_file *file;
  dev_t device;
  ino_t inode;
  uint64_t offset, count;
};

/* --- journal.c --- */
extern int journal_fd;
struct lazy_read *journal_make(void);       /* NULL with errno */
struct lazy_read *journal_take(int fd);     /* takes it over; a new one where it is of another version */

/* --- lazy.c --- */
struct lazy_file *lazy_find_inode(dev_t device, ino_t inode);
struct lazy_file *lazy_find_handle(uint32_t handle);
bool lazy_present(const struct lazy_file *f, uint64_t offset, uint64_t count);
/* Whether files were there and are gone, and what their late readers get: an errno, 0, or -1: never there. */
int lazy_gone(dev_t device, ino_t inode);

/* --- reads.c --- */
extern int reads_group; /* -1: none */
extern struct lazy_read *reads; /* MAX_READS of them, of the journal */
extern bool reads_served; /* somebody has filled: every file is known */
/* Sets up the slots; those of a dead keeper, or of this process before its upgrade, go on. How many. */
uint32_t reads_begin(bool upgraded);
void reads_watch(int fd); /* from here on the group is read */
void reads_found_file(struct lazy_file *f);           /* events waited for it to be known */
void reads_lost_file(struct lazy_file *f, int error); /* answers all that wait for it */
void reads_give_up_foreign(void); /* the group is not read before they are answered */
int reads_drop_mark(struct lazy_file *f);

#endif
