#!/bin/sh
# Compiles the programs beside this script for the kernel's eBPF machine, those that changed.
# usage: build.sh OUTPUT_DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
for source in "$here"/*.bpf.c; do
  target=$out/$(basename "${source%.bpf.c}").o
  if [ -e "$target" ] && [ -z "$(find "$here" -newer "$target" -type f)" ]; then
    continue
  fi
  if ! command -v clang >/dev/null; then
    echo "cannot compile the eBPF programs: no clang; install it (Debian: apt-get install clang linux-libc-dev)" >&2
    exit 1
  fi
  clang -target bpf -mcpu=v3 -O2 -Wall -Wextra -Werror -I"/usr/include/$(uname -m)-linux-gnu" \
    -c "$source" -o "$target.new"
  mv "$target.new" "$target"
done
