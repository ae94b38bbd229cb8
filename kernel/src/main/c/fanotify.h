/* fanotify(7) with pre-content events, Linux 6.14; the names and numbers are the kernel's. */
#ifndef NACELLE_FANOTIFY_H
#define NACELLE_FANOTIFY_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  GROUP_CLOEXEC = 0x1,
  GROUP_NONBLOCK = 0x2,
  GROUP_PRE_CONTENT = 0x8,
  GROUP_UNLIMITED_QUEUE = 0x10,
  GROUP_UNLIMITED_MARKS = 0x20,
  MARK_ADD = 0x1,
  MARK_REMOVE = 0x2,
  ANSWER_ALLOW = 0x1,
  ANSWER_DENY = 0x2,
  INFO_RANGE = 6,
};
#define PRE_ACCESS 0x00100000ull

struct fan_event {
  uint32_t size;
  uint8_t version, reserved;
  uint16_t header_size;
  uint64_t mask __attribute__((aligned(8)));
  int32_t fd, pid;
};
struct fan_range {
  uint8_t type, pad;
  uint16_t size;
  uint32_t pad2;
  uint64_t offset, count;
};
struct fan_answer {
  int32_t fd;
  uint32_t answer;
};

static inline int fan_open(void) {
  return (int)syscall(SYS_fanotify_init,
                      GROUP_CLOEXEC | GROUP_NONBLOCK | GROUP_PRE_CONTENT | GROUP_UNLIMITED_QUEUE | GROUP_UNLIMITED_MARKS,
                      O_RDWR | O_CLOEXEC | 0100000 /* O_LARGEFILE */);
}
static inline int fan_mark(int group, unsigned what, int fd) {
  return syscall(SYS_fanotify_mark, group, what, PRE_ACCESS, fd, NULL) == 0 ? 0 : errno;
}
/* 0 or an errno; ENOENT: no event of that number waits. */
static inline int fan_answer(int group, int number, int error) {
  struct fan_answer a = {number, error ? ANSWER_DENY | (uint32_t)error << 24 : ANSWER_ALLOW};
  ssize_t n;
  do n = write(group, &a, sizeof a);
  while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

#endif
