/*
 * The fanotify group and the reads that wait in it. The kernel matches an answer with an event by
 * the number of the event's descriptor alone, so this process is the only one that reads, and keeps
 * that number open until it has answered. A group that was another keeper's is not read before every
 * number has been answered: what the dead one had read waits for nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fanotify.h"
#include "lazy.h"

#define BATCH 64      /* reads a message, at most */
#define READ_BATCH 16 /* events at a time, of the size that all have: what a kill can lose */
#define ROUNDS 8      /* batches before others have their turn */
#define SWEEP_LEAST 20000
#define SWEEP_MOST (1 << 20)

static void group_ready(struct source *s, uint32_t events);
static struct source group = {-1, group_ready};
int reads_group = -1;
static int found = -1, found_journal = -1; /* a group that monitors held: not read yet */
static struct source *filler;
static bool served, paused, told_to_write;
static struct lazy_read *reads;
static uint32_t free_slots[MAX_READS], free_count, most_reads, foreign_count;
static uint32_t unsent[MAX_READS], unsent_first, unsent_count; /* a ring of slots, in order */
static struct message out;

/* Sets up the slots; those of a dead keeper, or of this process before its upgrade, go on. How many did. */
static uint32_t slots_open(bool upgraded) {
  struct rlimit files = {1024, 1024};
  uint32_t inherited = 0;
  getrlimit(RLIMIT_NOFILE, &files);
  most_reads = files.rlim_cur / 4 < MAX_READS ? (uint32_t)files.rlim_cur / 4 : MAX_READS;
  for (uint32_t i = MAX_READS; i-- > 0;) {
    struct lazy_read *r = &reads[i];
    if (!r->used) {
      if (i < most_reads) free_slots[free_count++] = i;
      r->queued = false;
      continue;
    }
    /* its number is kept from the kernel, so that no new event is given it */
    if (!upgraded) r->foreign = fcntl(r->number, F_GETFD) >= 0 || dup2(run_directory, r->number) != r->number;
    if (r->foreign)
      foreign_count++;
    else
      fcntl(r->number, F_SETFD, FD_CLOEXEC);
    r->file = lazy_find_inode(r->device, r->inode);
    r->queued = false;
    inherited++;
  }
  return inherited;
}

/* Reads the group, if it may: not while a number could be meant for a dead keeper's event. */
static void read_on(void) {
  if (paused && group.fd >= 0 && foreign_count == 0 && free_count >= 2 * READ_BATCH)
    paused = loop_add(&group, EPOLLIN) != 0;
}

static void watch_group(int fd) {
  group.fd = reads_group = fd;
  paused = true;
  read_on();
}

/* --- answers --- */

static void settle(struct lazy_read *r, int error) {
  fan_answer(group.fd, r->number, error == 0 || error == ENOSPC ? error : EIO);
  __atomic_store_n(&r->used, 0, __ATOMIC_SEQ_CST); /* before the close: see journal.c */
  if (r->foreign)
    foreign_count--;
  else
    close(r->number);
  r->file = NULL;
  if (r - reads < most_reads) free_slots[free_count++] = (uint32_t)(r - reads);
  read_on();
}

static void queue(struct lazy_read *r) {
  if (r->queued) return;
  r->queued = true;
  unsent[(unsent_first + unsent_count++) % MAX_READS] = (uint32_t)(r - reads);
}

/* Tells the filler what it has not been told; the rest waits for room. */
static void send_reads(void) {
  while (filler && unsent_count > 0) {
    uint32_t taken = 0, n = 0;
    msg_begin(&out, EVENT_LAZY_READS, 0);
    msg_u32(&out, 0);
    for (; taken < unsent_count && n < BATCH; taken++) {
      uint32_t slot = unsent[(unsent_first + taken) % MAX_READS];
      struct lazy_read *r = &reads[slot];
      if (!r->used || !r->file) continue;
      msg_u64(&out, (uint64_t)r->uses << 32 | slot);
      msg_u32(&out, r->file->handle);
      msg_u64(&out, r->offset);
      msg_u64(&out, r->count);
      n++;
    }
    out.data[8] = (uint8_t)n; /* BATCH is less than 256 */
    int error = n ? msg_send(filler->fd, &out) : 0;
    if (error == EAGAIN) {
      if (!told_to_write) loop_change(filler, EPOLLIN | EPOLLOUT);
      told_to_write = true;
      return;
    }
    if (error) return; /* its end is noticed where it is read */
    for (; taken > 0; taken--, unsent_count--) {
      reads[unsent[unsent_first]].queued = false;
      unsent_first = (unsent_first + 1) % MAX_READS;
    }
  }
  if (filler && told_to_write) loop_change(filler, EPOLLIN);
  told_to_write = false;
}

/* Answers what needs nobody; queues the rest. */
static void consider(struct lazy_read *r) {
  if (!r->file) {
    int gone = lazy_gone(r->device, r->inode);
    if (gone >= 0)
      settle(r, gone);
    else if (served)
      settle(r, EIO);
    return;
  }
  if (lazy_present(r->file, r->offset, r->count))
    settle(r, 0);
  else
    queue(r);
}

/* --- events --- */

static void take_event(const struct fan_event *e) {
  struct stat st;
  if (e->fd < 0) return;
  struct lazy_read *r = &reads[free_slots[--free_count]];
  *r = (struct lazy_read){.uses = r->uses + 1, .number = e->fd, .queued = r->queued, .count = UINT64_MAX};
  const uint8_t *end = (const uint8_t *)e + e->size;
  for (const uint8_t *p = (const uint8_t *)e + e->header_size; p + sizeof(struct fan_range) <= end;) {
    const struct fan_range *range = (const struct fan_range *)p;
    if (range->type == INFO_RANGE) r->offset = range->offset, r->count = range->count;
    if (range->size == 0) break;
    p += range->size;
  }
  if (fstat(e->fd, &st) == 0) {
    r->device = st.st_dev;
    r->inode = st.st_ino;
  }
  __atomic_store_n(&r->used, 1, __ATOMIC_SEQ_CST);
  r->file = lazy_find_inode(r->device, r->inode);
  if (r->file && r->file->probe > 0 && r->file->probe == e->pid) {
    /* opened by the kernel for us: it raises no events, and does for good what the probe was for */
    int silent = fcntl(e->fd, F_DUPFD_CLOEXEC, 10);
    r->file->probe = 0;
    if (silent >= 0) {
      close(r->file->blob);
      r->file->blob = silent;
      r->file->silent = true;
    }
    settle(r, EIO);
    return;
  }
  consider(r);
}

static void group_ready(struct source *s, uint32_t events) {
  static uint8_t buffer[READ_BATCH * (sizeof(struct fan_event) + sizeof(struct fan_range))] __attribute__((aligned(8)));
  (void)events;
  for (int round = 0; round < ROUNDS; round++) {
    if (free_count < 2 * READ_BATCH) { /* as many as fit without ranges */
      loop_pause(s);
      paused = true;
      break;
    }
    ssize_t n = read(s->fd, buffer, sizeof buffer);
    if (n <= 0) break;
    for (uint8_t *p = buffer; p + sizeof(struct fan_event) <= buffer + n;) {
      const struct fan_event *e = (const struct fan_event *)p;
      if (e->size < sizeof *e || e->size > (size_t)(buffer + n - p)) break;
      take_event(e);
      p += e->size;
    }
    if (n < (ssize_t)(sizeof buffer / 2)) break; /* a short batch was the last: the loop looks again */
  }
  send_reads();
}

void reads_found_file(struct lazy_file *f) {
  for (uint32_t i = 0; reads && i < MAX_READS; i++) {
    struct lazy_read *r = &reads[i];
    if (!r->used || r->file || r->device != f->device || r->inode != f->inode) continue;
    r->file = f;
    consider(r);
  }
  send_reads();
}

void reads_give_up_foreign(void) {
  for (uint32_t i = 0; foreign_count > 0 && i < MAX_READS; i++)
    if (reads[i].used && reads[i].foreign) settle(&reads[i], EIO);
}

void reads_lost_file(struct lazy_file *f, int error) {
  for (uint32_t i = 0; reads && i < MAX_READS; i++)
    if (reads[i].used && reads[i].file == f) settle(&reads[i], error);
}

int reads_drop_mark(struct lazy_file *f) { return group.fd < 0 ? 0 : fan_mark(group.fd, MARK_REMOVE, f->blob); }

/* --- the filler --- */

static void send_all_again(void) {
  unsent_first = unsent_count = 0;
  for (uint32_t i = 0; i < MAX_READS; i++) reads[i].queued = false;
  for (uint32_t i = 0; i < MAX_READS; i++)
    if (reads[i].used) consider(&reads[i]);
  send_reads();
}

void reads_serve(struct source *client, struct message *m) {
  if (group.fd < 0) {
    msg_error(client->fd, msg_id(m), ENOENT, "cannot fill files: no group is open");
    return;
  }
  if (filler && filler != client) shutdown(filler->fd, SHUT_RDWR);
  filler = client;
  told_to_write = false;
  served = true;
  msg_reply(&out, msg_id(m));
  msg_u32(&out, most_reads - free_count);
  msg_answer(client->fd, &out);
  send_all_again();
}

void reads_answer(struct source *client, struct message *m) {
  uint32_t n = msg_get_u32(m);
  for (uint32_t i = 0; client == filler && i < n && !m->bad; i++) {
    uint64_t sequence = msg_get_u64(m);
    uint32_t error = msg_get_u32(m), slot = (uint32_t)sequence;
    if (m->bad || slot >= MAX_READS) continue;
    struct lazy_read *r = &reads[slot];
    if (!r->used || !r->file || r->uses != sequence >> 32) continue;
    /* nothing is let through on somebody's word: a hole would be read as zeros */
    if (error == 0 && !lazy_present(r->file, r->offset, r->count)) error = EIO;
    settle(r, (int)error);
  }
}

void reads_writable(struct source *client) {
  if (client == filler) send_reads();
}

void reads_client_gone(struct source *client) {
  if (client != filler) return;
  filler = NULL;
  told_to_write = false;
}

/* --- the group --- */

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
  if (found < 0 && group.fd < 0 && fd >= 0 && table >= 0 && is_group(fd)) {
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
  reads = table >= 0 ? journal_take(table) : journal_make();
  if (!reads) {
    int error = errno;
    if (fresh) close(fd);
    else found = fd; /* and is not let go */
    return error;
  }
  bool same_table = journal_fd == table;
  *inherited = slots_open(upgraded);
  if (!fresh && !(upgraded && same_table)) *swept = sweep(fd);
  watch_group(fd);
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
  if (group.fd < 0) {
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
  msg_fd(&out, group.fd);
  msg_fd(&out, journal_fd);
  msg_answer(client, &out);
}

int reads_hold(void) { return group.fd >= 0 ? group.fd : found; }

int reads_table(void) { return group.fd >= 0 ? journal_fd : found_journal; }

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
  dprintf(state, "lazygroup %d %d %d\n", group.fd >= 0, reads_hold(), reads_table());
  dprintf(state, "lazyserved %d\n", served);
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
    served = was_served != 0;
  }
}
