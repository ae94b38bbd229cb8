/*
 * The fanotify group and the reads that wait in it. The kernel matches an answer with an event by
 * the number of the event's descriptor alone, so this process is the only one that reads, and keeps
 * that number open until it has answered. See group.c for what precedes the first read.
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

static void group_ready(struct source *s, uint32_t events);
static struct source group = {-1, group_ready};
int reads_group = -1;
static struct source *filler;
bool reads_served;
static bool paused, told_to_write;
struct lazy_read *reads;
static uint32_t free_slots[MAX_READS], free_count, most_reads, foreign_count;
static uint32_t unsent[MAX_READS], unsent_first, unsent_count; /* a ring of slots, in order */
static struct message out;

uint32_t reads_begin(bool upgraded) {
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

void reads_watch(int fd) {
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
    else if (reads_served)
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
  reads_served = true;
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
