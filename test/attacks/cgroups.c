// What a guest does in the cgroups that it was given. The first argument says what.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int deep(int levels) {
  int made = 0;
  for (; made < levels; made++) {
    if (mkdir("d", 0755) != 0 || chdir("d") != 0) break;
  }
  printf("%d\n", made);
  return 0;
}

static int many(int count) {
  int made = 0;
  for (; made < count; made++) {
    char name[32];
    snprintf(name, sizeof name, "c%d", made);
    if (mkdir(name, 0755) != 0) break;
  }
  printf("%d\n", made);
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? atoi(argv[2]) : 0;
  if (strcmp(what, "deep") == 0) return deep(number);
  if (strcmp(what, "many") == 0) return many(number);
  return 2;
}
