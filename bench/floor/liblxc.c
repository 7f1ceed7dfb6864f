// liblxc called in process, daemonizing as lxc-start does but without that program's own start.
//   liblxc LXC_PATH NAME
// prints "BEGIN PID": nanoseconds of CLOCK_MONOTONIC at the request, and the container's init.
#include <dlfcn.h>
#include <lxc/lxccontainer.h>

#include "common.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: liblxc LXC_PATH NAME\n");
    return 2;
  }
  void* library = dlopen("liblxc.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  __typeof__(lxc_container_new)* new_container =
      (__typeof__(lxc_container_new)*)dlsym(library, "lxc_container_new");
  if (!new_container) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }

  int64_t begin = now_ns();
  struct lxc_container* container = new_container(argv[2], argv[1]);
  if (!container || !container->start(container, 0, NULL)) {
    fprintf(stderr, "%s: liblxc did not start it\n", argv[2]);
    return 1;
  }
  printf("%lld %d\n", (long long)begin, container->init_pid(container));
  return 0;
}
