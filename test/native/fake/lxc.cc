// A liblxc that is in order and says no to everything. Built by tests, with one of
//   -DWITHOUT_NEW     a required function is missing
//   -DVERSION=\"4.0\" too old
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/lxc.h"

#ifndef VERSION
#define VERSION "6.0.0"
#endif

using abi::lxc_container;

extern "C" {

int lxc_log_fd = -1;
bool lxc_log_use_global_fd = false;

static void say(const char* line) {
  if (lxc_log_fd >= 0) (void)!write(lxc_log_fd, line, strlen(line));
}

#ifndef WITHOUT_NEW
lxc_container* lxc_container_new(const char* name, const char*) {
  if (strcmp(name, "refused") == 0) {
    say("lxc refused 20260101000000.000 ERROR    fake - fake.c:new:1 - no such luck\n");
    return nullptr;
  }
  auto* c = static_cast<lxc_container*>(calloc(1, sizeof(abi::lxc_container_6)));
  c->name = strdup(name);
  c->numthreads = 1;
  c->is_defined = [](lxc_container*) { return false; };
  c->state = [](lxc_container*) -> const char* { return nullptr; };
  c->init_pid = [](lxc_container*) { return -1; };
  c->init_pidfd = [](lxc_container*) { return -1; };
  c->get_config_item = [](lxc_container*, const char*, char*, int) { return -1; };
  c->get_running_config_item = [](lxc_container*, const char*) -> char* { return nullptr; };
  c->get_keys = [](lxc_container*, const char*, char*, int) { return -1; };
  c->set_config_item = [](lxc_container*, const char*, const char*) { return false; };
  c->clear_config = [](lxc_container*) {};
  c->clear_config_item = [](lxc_container*, const char*) { return false; };
  c->load_config = [](lxc_container*, const char*) { return false; };
  c->save_config = [](lxc_container*, const char*) { return false; };
  c->console_getfd = [](lxc_container*, int*, int*) { return -1; };
  c->freeze = [](lxc_container*) {
    say("lxc another 20260101000000.000 ERROR    fake - fake.c:freeze:1 - of somebody else\n");
    say("lxc web1 20260101000000.000 INFO     fake - fake.c:freeze:2 - freezing\n");
    say("lxc web1 20260101000000.000 ERROR    fake - fake.c:freeze:3 - too warm\n");
    say("lxc 20260101000000.000 ERROR    fake - fake.c:freeze:4 - without a name\n");
    return false;
  };
  c->set_cgroup_item = [](lxc_container*, const char*, const char*) { return false; };
  c->unfreeze = [](lxc_container*) { return false; };
  return c;
}
#endif

int lxc_container_get(lxc_container* c) {
  return ++c->numthreads;
}
int lxc_container_put(lxc_container* c) {
  if (--c->numthreads > 0) return 0;
  free(c->name);
  free(c);
  return 1;
}
const char* lxc_get_version(void) {
  return VERSION;
}
const char* lxc_get_global_config_item(const char*) {
  return nullptr;
}
int list_defined_containers(const char*, char***, lxc_container***) {
  return -1;
}
int list_active_containers(const char*, char***, lxc_container***) {
  return -1;
}
int lxc_log_init(abi::lxc_log*) {
  return 0;
}
void lxc_log_close(void) {}
bool lxc_config_item_is_supported(const char*) {
  return false;
}
bool lxc_has_api_extension(const char*) {
  return false;
}
}
