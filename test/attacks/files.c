// Files that are not what the host takes them for. The first argument says what.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int socket_at(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return bind(fd, (struct sockaddr*)&address, sizeof address);
}

// Directories in directories, beyond the length of any path, with odd names at the bottom. AppArmor,
// which has a path for everything, ends that at 8,192 bytes.
static int deep(int levels) {
  for (int i = 0; i < levels; i++) {
    if (mkdir("directory", 0700) == 0 && chdir("directory") == 0) continue;
    if (errno != ENAMETOOLONG || i < 500 || chdir("../../../..") != 0) return 1;
    break;
  }
  const char* names[] = {"line\nfeed", "\xff\xfe", "-rf", " ", "\\", "$(reboot)", "*", "\x1b[2J"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (mkdir(names[i], 0) != 0) return 1;
  }
  return 0;
}

static int lines(const char* path, const char* line, long count) {
  FILE* file = fopen(path, "w");
  if (file == NULL) return 1;
  for (long i = 0; i < count; i++) fprintf(file, line, i);
  return fclose(file);
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "socket") == 0) return socket_at(argv[2]);
  if (strcmp(what, "deep") == 0) return deep(atoi(argv[2]));
  if (strcmp(what, "lines") == 0) return lines(argv[2], argv[3], atol(argv[4]));
  return 2;
}
