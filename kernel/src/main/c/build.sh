#!/bin/sh
# Builds keeper and monitor: build.sh OUTPUT_DIRECTORY. Does nothing when the sources have not changed.
set -eu
cd "$(dirname "$0")"
out=$1/$(uname -m)
compiler=
for candidate in musl-gcc gcc; do
  if command -v "$candidate" >/dev/null 2>&1; then compiler=$candidate; break; fi
done
if [ -z "$compiler" ]; then
  echo "cannot build keeper and monitor: no C compiler; install gcc (Debian: apt-get install gcc libc6-dev)" >&2
  exit 1
fi
flags="-D_GNU_SOURCE -std=gnu11 -O2 -Wall -Wextra -Werror -fstack-protector-strong
  -fdata-sections -ffunction-sections -static -s -Wl,--gc-sections -Wl,--build-id=none"
stamp=$( (echo "$compiler $flags"; cat build.sh ./*.c ./*.h) | sha256sum)
if [ -x "$out/keeper" ] && [ -x "$out/monitor" ] && [ "$(cat "$1/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
mkdir -p "$out"
$compiler $flags -o "$out/keeper" keeper.c sandboxes.c monitors.c processes.c starter.c \
  lazy.c reads.c group.c journal.c common.c
$compiler $flags -o "$out/monitor" monitor.c config.c output.c lifecycle.c oci.c start.c mounts.c \
  devices.c paths.c process.c clients.c exec.c common.c
echo "$stamp" > "$1/stamp"
