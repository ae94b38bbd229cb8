/*
 * Opening the fanotify group: a new one, a dead keeper's, or this process's own before an upgrade.
 * A group that was another keeper's is not read before its reads are known and all other numbers
 * have been answered: what the dead one had read and not written down waits for nothing else.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "fanotify.h"
#include "lazy.h"

#define SWEEP_LEAST 20000
#define SWEEP_MOST (1 << 20)

static int found = -1, found_journal = -1; /* a group that monitors held: not read yet */
static struct message out;

static bool same(int a, int b) {
  return syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, a, b) == 0;
}

static bool is_group(int fd) {
  char path[64], link[64] = "";
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return readlink(path, link, sizeof link - 1) > 0 && strcmp(link, "anon_inode:[fanotify]") == 0;
}

/* What a dead keeper had read and not written down is answered with EIO, whatever it was. The number
   that answered. */
static uint32_t sweep(int fd) {
  static uint8_t known[SWEEP_MOST];
  struct rlimit files = {SWEEP_LEAST, SWEEP_LEAST};
  uint32_t answered = 0;
  memset(known, 0, sizeof known);
  for (uint32_t i = 0; i < MAX_READS; i++)
    if (reads[i].used && reads[i].number >= 0 && reads[i].number < SWEEP_MOST) known[reads[i].number] = 1;
  getrlimit(RLIMIT_NOFILE, &files);
  int end = files.rlim_cur < SWEEP_LEAST ? SWEEP_LEAST : files.rlim_cur > SWEEP_MOST ? SWEEP_MOST : (int)files.rlim_cur;
  for (int number = 0; number < end; number++)
    while (!known[number] && fan_answer(fd, number, EIO) == 0) answered++;
  return answered;
}

void reads_take_found(int fd, int table) {
  if (found < 0 && reads_group < 0 && fd >= 0 && table >= 0 && is_group(fd)) {
    found = fd;
    found_journal = table;
  } else {
    close_if(&fd);
    close_if(&table);
  }
}

static int open_group(int fd, int table, bool upgraded, uint32_t *inherited, uint32_t *swept) {
  bool fresh = fd < 0;
  if (fresh) fd = fan_open();
  if (fd < 0) {
    int error = errno;
    close_if(&table);
    return error;
  }
  fd = number_high(fd);
  reads = table >= 0 ? journal_take(table) : journal_make();
  if (!reads) {
    int error = errno;
    if (fresh) close(fd);
    else found = fd; /* and is not let go */
    return error;
  }
  *inherited = reads_begin(upgraded);
  if (!fresh) *swept = sweep(fd);
  reads_watch(fd);
  return 0;
}

void reads_open(int client, struct message *m) {
  int brought = msg_take_fd(m), table = msg_take_fd(m), have = reads_hold();
  uint32_t origin = GROUP_WAS_OPEN, inherited = 0, swept = 0;
  if (brought >= 0 && (!is_group(brought) || table < 0 || (have >= 0 && !same(brought, have)))) {
    msg_error(client, msg_id(m), have >= 0 ? EEXIST : EINVAL, "cannot take over a group: %s",
              have >= 0 ? "the keeper has another" : "the descriptors are none");
    close_if(&brought);
    close_if(&table);
    return;
  }
  if (reads_group < 0) {
    if (found >= 0) {
      close_if(&brought);
      close_if(&table);
      brought = found, table = found_journal;
      found = found_journal = -1;
    }
    origin = brought >= 0 ? GROUP_TAKEN_OVER : GROUP_MADE;
    int error = open_group(brought, table, false, &inherited, &swept);
    if (error) {
      msg_error(client, msg_id(m), error, "cannot open a fanotify group: %s", strerror(error));
      return;
    }
  } else {
    close_if(&brought);
    close_if(&table);
  }
  msg_reply(&out, msg_id(m));
  msg_u32(&out, origin);
  msg_u32(&out, inherited);
  msg_u32(&out, swept);
  msg_fd(&out, reads_group);
  msg_fd(&out, journal_fd);
  msg_answer(client, &out);
}

int reads_hold(void) { return reads_group >= 0 ? reads_group : found; }

int reads_table(void) { return reads_group >= 0 ? journal_fd : found_journal; }

const char *reads_missing(void) {
  static char why[160];
  static bool tried;
  if (tried || reads_hold() >= 0) return why;
  int fd = fan_open(), error = fd < 0 ? errno : 0;
  int file = openat(run_directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (!error) error = file < 0 ? errno : fan_mark(fd, MARK_ADD, file);
  tried = error != EMFILE; /* of which others may close some */
  why[0] = 0;
  if (error == EMFILE)
    snprintf(why, sizeof why, "root has 128 fanotify groups already");
  else if (error)
    snprintf(why, sizeof why, "the kernel has no pre-content events here: %s", strerror(error));
  close_if(&fd);
  close_if(&file);
  return why;
}

/* --- upgrade: the table goes on as after a death, but the numbers are open --- */

void reads_save(int state) {
  if (reads_hold() < 0) return;
  fcntl(reads_hold(), F_SETFD, 0);
  fcntl(reads_table(), F_SETFD, 0);
  for (uint32_t i = 0; reads && i < MAX_READS; i++)
    if (reads[i].used && !reads[i].foreign) fcntl(reads[i].number, F_SETFD, 0);
  dprintf(state, "lazygroup %d %d %d\n", reads_group >= 0, reads_hold(), reads_table());
  dprintf(state, "lazyserved %d\n", reads_served);
}

void reads_load(const char *line) {
  int was_open, fd, table, was_served;
  uint32_t inherited, swept;
  if (sscanf(line, "lazygroup %d %d %d", &was_open, &fd, &table) == 3) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(table, F_SETFD, FD_CLOEXEC);
    if (was_open)
      open_group(fd, table, true, &inherited, &swept);
    else
      found = fd, found_journal = table;
  } else if (sscanf(line, "lazyserved %d", &was_served) == 1) {
    reads_served = was_served != 0;
  }
}
