/*
 * Names in a container that is being made. This process's root is the container's already, so no
 * link of an image or a volume leads out of it; a link into /proc that the kernel makes is not taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kernelcalls.h"
#include "start.h"

#define MAX_LINKS 40

int path_root = -1;

static int opened(int parent, const char *name, size_t size, bool last_file) {
  char text[256];
  if (size >= sizeof text) {
    errno = ENAMETOOLONG;
    return -1;
  }
  snprintf(text, sizeof text, "%.*s", (int)size, name);
  for (int attempt = 0; attempt < 3; attempt++) {
    int fd = openat(parent, text, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT) return fd;
    int made = last_file ? openat(parent, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755)
                         : mkdirat(parent, text, 0755);
    if (made < 0 && errno != EEXIST) return -1;
    if (last_file && made >= 0) close(made);
  }
  return -1;
}

/* Step by step; a link that dangles is followed too, and what it points to is made. */
int path_make(const char *path, bool last_file) {
  static char rest[8192], link[4096], joined[8192];
  int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), links = 0;
  snprintf(rest, sizeof rest, "%s", path);
  for (char *p = rest; at >= 0;) {
    p += strspn(p, "/");
    size_t n = strcspn(p, "/");
    if (n == 0) return at;
    bool last = p[n + strspn(p + n, "/")] == 0;
    int next = opened(at, p, n, last && last_file);
    struct stat st;
    if (next >= 0 && fstat(next, &st) == 0 && S_ISLNK(st.st_mode)) {
      ssize_t size = readlinkat(next, "", link, sizeof link - 1);
      close(next);
      if (size <= 0 || ++links > MAX_LINKS) {
        close(at);
        errno = ELOOP;
        return -1;
      }
      link[size] = 0;
      snprintf(joined, sizeof joined, "%s/%s", link, p + n);
      snprintf(rest, sizeof rest, "%s", joined);
      p = rest;
      if (link[0] != '/') continue;
      next = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
      close(at);
      at = next;
      continue;
    }
    int error = errno;
    close(at);
    errno = error;
    at = next;
    p += n;
  }
  return -1;
}

int path_find(const char *path, uint64_t flags) {
  const char *relative = path + strspn(path, "/");
  return openat2_(path_root, relative[0] ? relative : ".", flags | O_PATH | O_CLOEXEC, RESOLVE_IN_ROOT_ | RESOLVE_NO_MAGIC);
}
