// liblxc called in process, daemonizing as lxc-start does but without that program's own start.
//   liblxc start LXC_PATH NAME   prints "BEGIN PID"
//   liblxc stop LXC_PATH NAME    prints "BEGIN END"
// Times are nanoseconds of CLOCK_MONOTONIC, PID is the container's init.
#include <dlfcn.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common.h"

struct lxc_container {
#define FIELD(type, name) type name;
#define METHOD(type, name, arguments) type(*name) arguments;
#define OPAQUE(name) void (*name)(void);
#include "abi/lxc_container.def.h"
};

int main(int argc, char** argv) {
  if (argc != 4 || (strcmp(argv[1], "start") && strcmp(argv[1], "stop"))) {
    fprintf(stderr, "usage: liblxc start|stop LXC_PATH NAME\n");
    return 2;
  }
  void* library = dlopen("liblxc.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  struct lxc_container* (*new_container)(const char* name, const char* lxcpath) =
      (struct lxc_container * (*)(const char*, const char*)) dlsym(library, "lxc_container_new");
  if (!new_container) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }

  int64_t begin = now_ns();
  struct lxc_container* container = new_container(argv[3], argv[2]);
  int start = !strcmp(argv[1], "start");
  if (!container ||
      !(start ? container->start(container, 0, NULL) : container->shutdown(container, 60))) {
    fprintf(stderr, "%s: liblxc did not %s it\n", argv[3], argv[1]);
    return 1;
  }
  int64_t end = now_ns();
  printf("%lld %lld\n", (long long)begin,
         start ? (long long)container->init_pid(container) : (long long)end);
  return 0;
}
