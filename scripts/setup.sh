#!/bin/bash
# Brings a fresh Debian 12 or 13 to where the demo, the tests, the soak or the benchmarks can run.
#
#   scripts/setup.sh [demo|demo-vm|test|soak|bench|vm|fuzz]
#
# Installs the system packages and npm packages that are missing, and builds what is not built.
# Running it again does what is left to do. Says what is missing when it cannot go on.
set -euo pipefail

. "$(dirname "$0")/begin.sh"
purpose=${1:-demo}
in_machines() { [ "$purpose" = vm ] || [ "$purpose" = demo-vm ]; }

# Two set-ups at once would disturb each other's build.
exec 9<.
flock 9

missing=()
need() { missing+=("$1"); }

# What no package can mend.
check_machine() {
  [ "$(uname -s)" = Linux ] || need "Linux: containers are the kernel's work"
  [ "$(id -u)" -eq 0 ] || need "root: run it as root, for example with sudo"
  if ! [ -e /proc/self/ns/user ] || [ "$(cat /proc/sys/user/max_user_namespaces 2>/dev/null)" = 0 ]; then
    need "user namespaces: set the sysctl user.max_user_namespaces above 0, in a kernel with CONFIG_USER_NS"
  elif [ "$(id -u)" -eq 0 ] && ! unshare --user --mount true 2>/dev/null; then
    need "user namespaces: this machine or the container we are in forbids to create them"
  fi
  grep -q ' - cgroup2\? ' /proc/self/mountinfo 2>/dev/null ||
    need "cgroups: mount them at /sys/fs/cgroup (mount -t cgroup2 none /sys/fs/cgroup)"
  ! in_machines || [ "$(uname -m)" = x86_64 ] || need "an x86-64 machine: the lab's machines are one"
  local directory
  for directory in / /run "${TMPDIR:-/tmp}"; do
    [ $((0$(stat -c %a "$directory") & 1)) -eq 1 ] ||
      need "$directory that everybody may search, as a container's root is nobody special: chmod o+x $directory"
  done
  local node
  node=$(node -p process.versions.node 2>/dev/null) || node=none
  if ! [ "$(printf '%s\n' 20.19.0 "$node" | sort -V | head -n 1)" = 20.19.0 ] || [ "$node" = none ]; then
    need "Node.js 20.19 or later (found: $node): see https://nodejs.org or deb.nodesource.com"
  fi
  command -v npm >/dev/null || need "npm: it comes with Node.js, or is Debian's package npm"
}

static_busybox() { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; }
library() { grep -q "^[[:space:]]*$1 " <<<"$(ldconfig -p)"; }
rootfs_mount() { compgen -G '/usr/lib/*/lxc/rootfs' >/dev/null; }
program() { command -v "$1" >/dev/null; }

fuzzer_runtime() { program clang++ && [ -e "$(clang++ -print-file-name=libclang_rt.fuzzer-x86_64.a)" ]; }

packages=()
# package NAME CHECK…: the package is wanted unless the check succeeds.
package() {
  local name=$1
  shift
  "$@" || packages+=("$name")
}

check_packages() {
  # To build: node-gyp is a Python program that runs make.
  package g++ program g++
  package make program make
  package python3 program python3
  # To run. liblxc mounts a rootfs over a directory that liblxc-common has.
  package liblxc1 library liblxc.so.1
  package liblxc-common rootfs_mount
  # To build and unpack images.
  package mmdebstrap program mmdebstrap
  package debian-archive-keyring test -r /usr/share/keyrings/debian-archive-keyring.gpg
  package zstd program zstd
  package xz-utils program xz
  if in_machines; then
    package qemu-system-x86 program qemu-system-x86_64
    package squashfs-tools program mksquashfs
    package cpio program cpio
    package lz4 program lz4
    package busybox-static static_busybox
  fi
  case $purpose in demo | demo-vm) return 0 ;; esac
  if [ "$purpose" = soak ]; then
    package busybox-static static_busybox
    package iproute2 program ip
    return 0
  fi
  # To prove it against the ordinary tools.
  package lxc program lxc-info
  [ "$purpose" = vm ] || package busybox-static static_busybox
  package attr program setfattr
  package iproute2 program ip
  package procps program ps
  [ "$purpose" != vm ] || package nbdkit program nbdkit
  if [ "$purpose" = fuzz ]; then
    package clang fuzzer_runtime
    package llvm program llvm-symbolizer
  fi
  if [ "$purpose" = test ] || [ "$purpose" = vm ] || [ "$purpose" = fuzz ]; then
    package cmake program cmake
    package ninja-build program ninja
    # Large, and only wanted by those who ask for it.
    case ,${REQUIRED:-}, in *,clang-tidy,*) package clang-tidy program clang-tidy ;; esac
  else
    package crun program crun
    package runc program runc
    package uidmap program newuidmap
  fi
}

# Nothing is started by installing it: lxc would make a bridge and run a DHCP server, and in a
# chroot it would do so on the host.
install_packages() {
  local policy=/usr/sbin/policy-rc.d mine=
  # What a set-up has left that was killed is ours as well.
  local mark="# of vpsadminos' setup.sh, while it installs"
  if ! [ -e "$policy" ] || grep -qF "$mark" "$policy"; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod +x "$policy"
    mine=$policy
  fi
  trap '[ -z "$mine" ] || rm -f "$mine"' EXIT
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  # The package with libFuzzer has the version of clang in its name.
  if [ "$purpose" = fuzz ] && ! fuzzer_runtime; then
    packages+=("$(apt-cache depends clang | sed -n 's/^ *Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p')")
  fi
  apt-get install --yes --no-install-recommends "${packages[@]}"
}

# Where Node's own headers are, so that nothing has to be downloaded; empty when nowhere.
node_headers() {
  local node version dir header
  node=$(readlink -f "$(command -v node)")
  version=$(node -p process.versions.node)
  for dir in "${npm_config_nodedir:-}" "$(dirname "$(dirname "$node")")" /usr /usr/local; do
    header=$dir/include/node/node_version.h
    if [ -n "$dir" ] && [ -r "$dir/include/node/common.gypi" ] && [ -r "$header" ] &&
      [ "$(awk '/#define NODE_(MAJOR|MINOR|PATCH)_VERSION/ { printf "%s%s", dot, $3; dot = "." }' "$header")" = "$version" ]; then
      echo "$dir"
      return
    fi
  done
}

build_native() {
  local headers
  headers=$(node_headers)
  # Compiling again is left to make, which knows what changed.
  node_modules/.bin/node-gyp configure build --jobs=max ${headers:+--nodedir="$headers"}
}

npm_is_current() {
  [ -e node_modules/.package-lock.json ] &&
    ! [ package-lock.json -nt node_modules/.package-lock.json ]
}

# current STAMP SOURCE…: built for this Node.js, from these sources as they are now.
this_node=
current() {
  local stamp=$1
  shift
  this_node=$(node -p 'process.version + process.arch')
  [ "$(cat "$stamp" 2>/dev/null)" = "$this_node" ] &&
    [ -z "$(find "$@" -newer "$stamp" -type f -print -quit)" ]
}

check_machine
check_packages
if [ ${#packages[@]} -gt 0 ] && ! command -v apt-get >/dev/null; then
  need "apt-get, to install: ${packages[*]} (install what contains them by your system's means)"
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "This cannot run here. What is missing:" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 1
fi

if [ ${#packages[@]} -gt 0 ]; then
  step "Installing ${packages[*]}" install_packages || {
    echo "apt-get could not install: ${packages[*]}. Is the archive in /etc/apt reachable?" >&2
    exit 1
  }
fi
# The package's own install script would build it a second time.
npm_is_current || step "Installing npm packages" npm ci --ignore-scripts --no-audit --no-fund
# In a folder of its own, as it is large and only for those who fuzz.
install_fuzzer() {
  npm ci --prefix fuzz --ignore-scripts --no-audit --no-fund
  node fuzz/newer-glibc.js fuzz/node_modules/@jazzer.js/fuzzer/prebuilds/fuzzer-linux-x64.node
  mkdir -p out/jazzer
  cc -shared -fPIC -O2 -o out/jazzer/newer-glibc.so fuzz/newer-glibc.c
}
if [ "$purpose" = fuzz ] && ! current out/jazzer/.for fuzz/package-lock.json fuzz/newer-glibc.js fuzz/newer-glibc.c; then
  step "Installing the JavaScript fuzzer" install_fuzzer
  echo "$this_node" >out/jazzer/.for
fi
if ! current build/.for native binding.gyp; then
  step "Building the native part" build_native
  echo "$this_node" >build/.for
fi
if { [ "$purpose" = test ] || [ "$purpose" = vm ]; } && ! current out/Debug/.for native test/native fuzz/native CMakeLists.txt; then
  step "Building what only tests use" npm run --silent build:dev
  echo "$this_node" >out/Debug/.for
fi
if ! current dist/.for lib types tsconfig.json package-lock.json scripts/bundle.js scripts/compile-ahead.cjs; then
  step "Compiling TypeScript" npm run --silent build
  echo "$this_node" >dist/.for
fi
