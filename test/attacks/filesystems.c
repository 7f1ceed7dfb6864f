// A filesystem that answers what suits it: `attack DIRECTORY DEVICE` mounts it, says so and serves
// it until it is killed. In there are `silent`, whose content never comes, `deaf`, to which nothing
// can be written, and `lost`, of which there is no telling whether it exists.
//
// `attack TERMINAL FILE read|write` holds a terminal, when it is told to: it reads or writes with a
// part of the file for memory.
//
// `attack FILE` has whoever asks for the command lines of its children wait for the file.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kRoot = FUSE_ROOT_ID, kSilent, kDeaf };
enum { kSize = 1024 * 1024 };

static char request[kSize];

static void reply(int device, uint64_t unique, int error, const void* data, size_t size) {
  char buffer[1024] = {0};
  struct fuse_out_header head = {
      .len = (uint32_t)(sizeof head + size), .error = -error, .unique = unique};
  memcpy(buffer, &head, sizeof head);
  if (size > 0) memcpy(buffer + sizeof head, data, size);
  if (write(device, buffer, sizeof head + size) < 0) return;  // it was interrupted
}

static struct fuse_attr attributes(uint64_t node) {
  struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 4096};
  attr.mode = node == kRoot ? S_IFDIR | 0777 : S_IFREG | 0777;
  attr.size = node == kRoot ? 0 : kSize;
  return attr;
}

static struct fuse_entry_out entry(uint64_t node) {
  struct fuse_entry_out out = {.nodeid = node, .entry_valid = 3600, .attr_valid = 3600};
  out.attr = attributes(node);
  return out;
}

// What has no answer here never gets one.
static void serve(int device, const struct fuse_in_header* in, const char* body) {
  switch (in->opcode) {
    case FUSE_INIT: {
      const struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                        .minor = ((const struct fuse_init_in*)body)->minor,
                                        .max_write = 4096};
      return reply(device, in->unique, 0, &out, sizeof out);
    }
    case FUSE_LOOKUP: {
      if (strcmp(body, "lost") == 0) return;
      const uint64_t node = strcmp(body, "silent") == 0 ? kSilent
                            : strcmp(body, "deaf") == 0 ? kDeaf
                                                        : 0;
      if (node == 0) return reply(device, in->unique, ENOENT, NULL, 0);
      const struct fuse_entry_out out = entry(node);
      return reply(device, in->unique, 0, &out, sizeof out);
    }
    case FUSE_CREATE: {
      struct {
        struct fuse_entry_out entry;
        struct fuse_open_out open;
      } out = {entry(kDeaf), {.open_flags = FOPEN_DIRECT_IO}};
      return reply(device, in->unique, 0, &out, sizeof out);
    }
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
      const struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes(in->nodeid)};
      return reply(device, in->unique, 0, &out, sizeof out);
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR: {
      const struct fuse_open_out out = {.open_flags = FOPEN_DIRECT_IO};
      return reply(device, in->unique, 0, &out, sizeof out);
    }
    case FUSE_READ:
    case FUSE_WRITE:
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_UNLINK:
    case FUSE_ACCESS:
      return reply(device, in->unique, 0, NULL, 0);
    default:
      return reply(device, in->unique, ENOSYS, NULL, 0);
  }
}

static int fail(const char* what) {
  printf("%s: %s\n", what, strerror(errno));
  return 1;
}

// The kernel waits for the memory while it holds what the last close of the other end waits for.
static int hold(const char* terminal, const char* path, int reads) {
  const int tty = open(terminal, O_RDWR | O_NOCTTY);
  if (tty < 0) return fail("terminal");
  const int file = open(path, O_RDWR);
  if (file < 0) return fail("file");
  void* memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) return fail("mmap");
  printf("ready\n");
  fflush(stdout);
  getchar();
  return (reads ? read(tty, memory, 64) : write(tty, memory, 64)) < 0;
}

static void* touch(void* page) {
  (void)*(volatile char*)page;
  return NULL;
}

// The kernel holds what guards a process's memory while it waits for a page that a thread waits for
// already: so does whoever reads its command line. Eight of them, as the file cannot be opened again.
static int hide(const char* path) {
  const int file = open(path, O_RDWR);
  if (file < 0) return fail("file");
  for (int i = 0; i < 8; i++) {
    if (fork() != 0) continue;
    prctl(PR_SET_NAME, "hidden");
    void* page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    pthread_t thread;
    if (page == MAP_FAILED || pthread_create(&thread, NULL, touch, page) != 0) _exit(1);
    usleep(200 * 1000);
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
    _exit(0);
  }
  usleep(400 * 1000);
  printf("ready\n");
  fflush(stdout);
  pause();
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 2) return hide(argv[1]);
  if (argc == 4) return hold(argv[1], argv[2], strcmp(argv[3], "read") == 0);
  if (argc != 3) return 2;
  const int device = open(argv[2], O_RDWR);
  if (device < 0) return fail("open");
  char options[128];
  snprintf(options, sizeof options, "fd=%d,rootmode=40777,user_id=0,group_id=0,allow_other",
           device);
  if (mount("attack", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) return fail("mount");
  printf("mounted\n");
  fflush(stdout);
  for (;;) {
    const ssize_t size = read(device, request, sizeof request);
    if (size < 0 && (errno == EINTR || errno == ENOENT)) continue;
    if (size < (ssize_t)sizeof(struct fuse_in_header)) return 0;
    serve(device, (const struct fuse_in_header*)request, request + sizeof(struct fuse_in_header));
  }
}
