/*
 * The table of waiting reads, in memory that outlives the keeper: the platform and the monitors hold
 * it beside the group. A new keeper goes on with it. At most one read in it has a number: an entry
 * is freed before its descriptor is closed, and only then can the kernel give the number again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lazy.h"

#define MAGIC 0x314c5a4e

struct journal {
  uint32_t magic, size; /* of this structure: another version's is not read */
  struct lazy_read reads[MAX_READS];
};

static struct journal *journal;
int journal_fd = -1;

struct lazy_read *journal_make(void) {
  journal_fd = number_high(memfd_create("lazy-reads", MFD_CLOEXEC));
  void *p = MAP_FAILED;
  if (journal_fd >= 0 && ftruncate(journal_fd, sizeof *journal) == 0)
    p = mmap(NULL, sizeof *journal, PROT_READ | PROT_WRITE, MAP_SHARED, journal_fd, 0);
  if (p == MAP_FAILED) {
    close_if(&journal_fd);
    return NULL;
  }
  journal = p;
  journal->magic = MAGIC;
  journal->size = sizeof *journal;
  return journal->reads;
}

struct lazy_read *journal_take(int fd) {
  struct stat st = {0};
  uint32_t invalid = 0;
  void *p = MAP_FAILED;
  if (fstat(fd, &st) == 0 && (size_t)st.st_size == sizeof *journal)
    p = mmap(NULL, sizeof *journal, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (p != MAP_FAILED) {
    journal = p;
    if (journal->magic == MAGIC && journal->size == sizeof *journal) {
      journal_fd = number_high(fd);
      return journal->reads;
    }
    munmap(p, sizeof *journal);
    journal = NULL;
  }
  /* another keeper must not find it later, when it is out of date; a file that is none is shorter or left alone */
  if (st.st_size >= 8 && pread(fd, &invalid, 4, 0) == 4 && invalid == MAGIC) {
    invalid = 0;
    if (pwrite(fd, &invalid, 4, 0) != 4) abort(); /* the end of this keeper does no harm, a stale table would */
  }
  close(fd);
  return journal_make();
}
