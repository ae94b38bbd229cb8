/* The files that are filled while they are read. The platform names them; a new keeper is told again. */
#include "lazy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fanotify.h"

#define MAX_FILES 2048
#define BUCKETS 512
#define MAX_SIZE (1ull << 46)
#define MAX_CHUNKS (1ull << 30)
#define GONE 64

static struct lazy_file *buckets[BUCKETS]; /* by inode */
static uint32_t count, last_handle;
/* Files that were removed a moment ago: a read that saw the mark before may still arrive. */
static struct {
  dev_t device;
  ino_t inode;
  int error; /* -1: the entry is free */
} gone[GONE];
static uint32_t gone_next;
static struct message answer;

static struct lazy_file **bucket(ino_t inode) { return &buckets[inode % BUCKETS]; }

struct lazy_file *lazy_find_inode(dev_t device, ino_t inode) {
  struct lazy_file *f = *bucket(inode);
  while (f && (f->inode != inode || f->device != device)) f = f->next;
  return f;
}

static struct lazy_file *find(const char *id) {
  for (uint32_t i = 0; i < BUCKETS; i++)
    for (struct lazy_file *f = buckets[i]; f; f = f->next)
      if (strcmp(f->id, id) == 0) return f;
  return NULL;
}

bool lazy_any(void) { return count > 0; }

int lazy_gone(dev_t device, ino_t inode) {
  for (uint32_t i = 0; i < GONE; i++)
    if (gone[i].inode == inode && gone[i].device == device && inode != 0) return gone[i].error;
  return -1;
}

static void remember_gone(const struct lazy_file *f, int error) {
  gone[gone_next].device = f->device;
  gone[gone_next].inode = f->inode;
  gone[gone_next].error = error;
  gone_next = (gone_next + 1) % GONE;
}

static uint64_t chunks(const struct lazy_file *f) { return (f->size + f->chunk - 1) / f->chunk; }

static size_t map_size(const struct lazy_file *f) { return (size_t)((chunks(f) + 31) / 32 * 4); }

bool lazy_present(const struct lazy_file *f, uint64_t offset, uint64_t length) {
  if (length == 0 || offset >= f->size) return true;
  if (length > f->size - offset) length = f->size - offset;
  uint64_t first = offset / f->chunk, last = (offset + length - 1) / f->chunk;
  for (uint64_t word = first / 32; word <= last / 32; word++) {
    uint32_t wanted = ~0u;
    if (word == first / 32) wanted &= ~0u << (first & 31);
    if (word == last / 32) wanted &= ~0u >> (31 - (last & 31));
    if ((__atomic_load_n(&f->present[word], __ATOMIC_ACQUIRE) & wanted) != wanted) return false;
  }
  return true;
}

static void drop(struct lazy_file *f) {
  for (struct lazy_file **p = bucket(f->inode); *p; p = &(*p)->next)
    if (*p == f) {
      *p = f->next;
      count--;
      break;
    }
  if (f->probe > 0) kill(f->probe, SIGKILL); /* ours, and not reaped: the number is its own */
  if (f->present) munmap(f->present, map_size(f));
  close_if(&f->blob);
  close_if(&f->map);
  free(f);
}

/* Takes over both descriptors; NULL with errno. */
static struct lazy_file *insert(const char *id, uint64_t size, uint64_t chunk, int blob, int map) {
  struct stat st, map_st;
  struct lazy_file *f = count < MAX_FILES ? calloc(1, sizeof *f) : NULL;
  if (!f) {
    close_if(&blob);
    close_if(&map);
    errno = ENFILE;
    return NULL;
  }
  snprintf(f->id, sizeof f->id, "%s", id);
  f->size = size;
  f->chunk = chunk;
  f->blob = blob;
  f->map = map;
  errno = EINVAL;
  bool good = fstat(blob, &st) == 0 && fstat(map, &map_st) == 0 && S_ISREG(st.st_mode) && S_ISREG(map_st.st_mode) &&
              (fcntl(blob, F_GETFL) & O_ACCMODE) == O_RDWR && (uint64_t)map_st.st_size >= map_size(f);
  if (good) {
    void *p = mmap(NULL, map_size(f), PROT_READ, MAP_SHARED, map, 0);
    f->present = p == MAP_FAILED ? NULL : p;
    f->device = st.st_dev;
    f->inode = st.st_ino;
  }
  if (good && lazy_find_inode(f->device, f->inode)) {
    errno = EEXIST;
    good = false;
  }
  if (!good || !f->present) {
    int error = errno;
    if (f->present) munmap(f->present, map_size(f));
    close_if(&f->blob);
    close_if(&f->map);
    free(f);
    errno = error;
    return NULL;
  }
  for (uint32_t i = 0; i < GONE; i++)
    if (gone[i].inode == f->inode && gone[i].device == f->device) gone[i].inode = 0;
  f->next = *bucket(f->inode);
  *bucket(f->inode) = f;
  count++;
  return f;
}

/* A child reads a byte. If that raises an event, its descriptor is the silent one we need. */
static int probe(struct lazy_file *f) {
  char byte;
  reads_give_up_foreign();
  pid_t pid = fork();
  if (pid < 0) return errno;
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(pread(f->blob, &byte, 1, 0) == 1 ? 0 : 1);
  }
  f->probe = pid;
  return 0;
}

void lazy_child_reaped(pid_t pid) {
  for (uint32_t i = 0; i < BUCKETS; i++)
    for (struct lazy_file *f = buckets[i]; f; f = f->next)
      if (f->probe == pid) {
        f->probe = 0;
        f->silent = true; /* no event came: what was given raises none */
      }
}

/* --- requests --- */

void lazy_add(int client, struct message *m) {
  char id[128];
  msg_get_string(m, id, sizeof id);
  uint64_t size = msg_get_u64(m), chunk = msg_get_u32(m);
  uint32_t flags = msg_get_u32(m);
  if (m->bad || !id_is_valid(id) || m->fd_count != 2 || size == 0 || size > MAX_SIZE || chunk == 0 || chunk % 4096 ||
      (size + chunk - 1) / chunk > MAX_CHUNKS) {
    msg_error(client, msg_id(m), EINVAL, "cannot fill a file lazily: the request is malformed");
    return;
  }
  if (reads_group < 0 || find(id)) {
    int error = reads_group < 0 ? ENOENT : EEXIST;
    msg_error(client, msg_id(m), error, "cannot fill '%s' lazily: %s", id,
              reads_group < 0 ? "no group is open" : "it is there already");
    return;
  }
  int blob = msg_take_fd(m), map = msg_take_fd(m);
  struct lazy_file *f = insert(id, size, chunk, blob, map);
  int error = f ? 0 : errno;
  if (f) {
    f->handle = ++last_handle;
    error = fan_mark(reads_group, MARK_ADD, f->blob);
    if (!error && flags & ADD_RAISES)
      error = probe(f);
    else
      f->silent = true;
    if (error) drop(f);
  }
  if (error) {
    msg_error(client, msg_id(m), error, "cannot fill '%s' lazily: %s", id, strerror(error));
    return;
  }
  msg_reply(&answer, msg_id(m));
  msg_u32(&answer, f->handle);
  msg_answer(client, &answer);
  reads_found_file(f);
}

void lazy_remove(int client, struct message *m) {
  char id[128];
  msg_get_string(m, id, sizeof id);
  uint32_t flags = msg_get_u32(m);
  struct lazy_file *f = m->bad ? NULL : find(id);
  if (m->bad) {
    msg_error(client, msg_id(m), EINVAL, "cannot remove a file: the request is malformed");
    return;
  }
  bool whole = f && lazy_present(f, 0, f->size);
  if (f && !whole && !(flags & REMOVE_DISCARD)) {
    msg_error(client, msg_id(m), ENODATA, "cannot remove '%s': parts of it are missing", id);
    return;
  }
  if (f) {
    int error = reads_drop_mark(f);
    if (error && error != ENOENT) {
      msg_error(client, msg_id(m), error, "cannot remove '%s': %s", id, strerror(error));
      return;
    }
    remember_gone(f, whole ? 0 : EIO);
    reads_lost_file(f, whole ? 0 : EIO);
    drop(f);
  }
  msg_reply(&answer, msg_id(m));
  msg_answer(client, &answer);
}

static void describe(const struct lazy_file *f) {
  msg_u32(&answer, f->handle);
  msg_u64(&answer, f->size);
  msg_u32(&answer, (uint32_t)f->chunk);
}

void lazy_list(int client, struct message *m) {
  uint32_t from = msg_get_u32(m), n = 0;
  if (m->bad) {
    msg_error(client, msg_id(m), EINVAL, "cannot list files: the request is malformed");
    return;
  }
  msg_reply(&answer, msg_id(m));
  size_t count_at = answer.size;
  msg_u32(&answer, 0);
  for (; n < 256; n++) {
    struct lazy_file *next = NULL;
    for (uint32_t i = 0; i < BUCKETS; i++)
      for (struct lazy_file *f = buckets[i]; f; f = f->next)
        if (f->handle >= from && (!next || f->handle < next->handle)) next = f;
    if (!next) break;
    describe(next);
    msg_string(&answer, next->id);
    from = next->handle + 1;
  }
  answer.data[count_at] = (uint8_t)n;
  answer.data[count_at + 1] = (uint8_t)(n >> 8);
  msg_answer(client, &answer);
}

void lazy_file(int client, struct message *m) {
  char id[128];
  msg_get_string(m, id, sizeof id);
  struct lazy_file *f = m->bad ? NULL : find(id);
  if (!f || !f->silent) {
    int error = m->bad ? EINVAL : f ? EAGAIN : ENOENT;
    msg_error(client, msg_id(m), error, "cannot open '%s': %s", id, strerror(error));
    return;
  }
  msg_reply(&answer, msg_id(m));
  describe(f);
  msg_fd(&answer, f->blob);
  msg_fd(&answer, f->map);
  msg_answer(client, &answer);
}

/* --- upgrade --- */

void lazy_save(int state) {
  for (uint32_t i = 0; i < BUCKETS; i++)
    for (struct lazy_file *f = buckets[i]; f; f = f->next) {
      fcntl(f->blob, F_SETFD, 0);
      fcntl(f->map, F_SETFD, 0);
      dprintf(state, "lazyfile %s %u %llu %llu %d %d %d\n", f->id, f->handle, (unsigned long long)f->size,
              (unsigned long long)f->chunk, f->blob, f->map, f->silent);
    }
}

void lazy_load(const char *line) {
  char id[101];
  uint32_t handle;
  unsigned long long size, chunk;
  int blob, map, silent;
  if (sscanf(line, "lazyfile %100s %u %llu %llu %d %d %d", id, &handle, &size, &chunk, &blob, &map, &silent) != 7) return;
  fcntl(blob, F_SETFD, FD_CLOEXEC);
  fcntl(map, F_SETFD, FD_CLOEXEC);
  struct lazy_file *f = insert(id, size, chunk, blob, map);
  if (!f) return;
  f->handle = handle;
  if (handle > last_handle) last_handle = handle;
  if (silent)
    f->silent = true;
  else
    probe(f);
}
