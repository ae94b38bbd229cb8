#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "monitor.h"

#define MAX_CONFIG (4u << 20)

static char *text;
static size_t size;

bool config_load(void) {
  struct stat st;
  if (fstatat(directory, "monitor.conf", &st, 0) != 0 || st.st_size <= 0 || st.st_size > MAX_CONFIG)
    return false;
  size = (size_t)st.st_size + 1;
  text = malloc(size);
  return text && read_file_at(directory, "monitor.conf", text, size) == st.st_size;
}

const char *config_next(const char *key, const char **at) {
  size_t n = strlen(key);
  const char *p = *at ? *at + strlen(*at) + 1 : text;
  while (p && p < text + size - 1) {
    if (strncmp(p, key, n) == 0 && p[n] == '=') {
      *at = p;
      return p + n + 1;
    }
    p += strlen(p) + 1;
  }
  return NULL;
}

const char *config(const char *key) {
  const char *at = NULL, *value = config_next(key, &at);
  return value ? value : "";
}

bool config_flag(const char *key) { return config(key)[0] == '1'; }
