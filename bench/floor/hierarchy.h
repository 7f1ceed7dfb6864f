// Every mounted cgroup hierarchy, and one container's directory in each of them.
#ifndef BENCH_FLOOR_HIERARCHY_H_
#define BENCH_FLOOR_HIERARCHY_H_

#include <sys/stat.h>

#include "common.h"

struct hierarchy {
  char mountpoint[256];
  char options[128];  // for mount(2): "cpu,cpuacct", "none,name=systemd"; empty on v2
  int dir;            // the container's directory
};

static struct hierarchy hierarchies[32];
static int hierarchy_count;

static inline int is_controller(const char* option) {
  return strcmp(option, "rw") && strcmp(option, "ro") && strncmp(option, "release_agent", 13);
}

// The first mount of each hierarchy that shows its root.
static inline void find_hierarchies(void) {
  FILE* file = fopen("/proc/self/mountinfo", "re");
  char line[4096], root[256], where[256], type[64], options[512];
  if (!file) die("/proc/self/mountinfo");
  while (fgets(line, sizeof line, file)) {
    char* rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*s %*s %*s %255s %255s", root, where) != 2) continue;
    if (sscanf(rest, " - %63s %*s %511s", type, options) != 2 || strcmp(root, "/")) continue;
    if (strcmp(type, "cgroup") && strcmp(type, "cgroup2")) continue;
    struct hierarchy* h = &hierarchies[hierarchy_count];
    h->options[0] = 0;
    if (!strcmp(type, "cgroup")) {
      for (char* option = strtok(options, ","); option; option = strtok(NULL, ",")) {
        if (!is_controller(option)) continue;
        size_t used = strlen(h->options);
        snprintf(h->options + used, sizeof h->options - used, "%s%s%s", used ? "," : "",
                 strncmp(option, "name=", 5) ? "" : "none,", option);
      }
    }
    int known = 0;
    for (int i = 0; i < hierarchy_count; i++) known |= !strcmp(hierarchies[i].options, h->options);
    if (known) continue;
    snprintf(h->mountpoint, sizeof h->mountpoint, "%s", where);
    if (++hierarchy_count == 32) break;
  }
  fclose(file);
}

static inline int has_controller(const struct hierarchy* h, const char* name) {
  size_t length = strlen(name);
  const char* at = strstr(h->options, name);
  return at && (at == h->options || at[-1] == ',') && (!at[length] || at[length] == ',');
}

// Directories above the container's are made once and cost a start nothing.
static inline void make_parents(const char* path) {
  for (int i = 0; i < hierarchy_count; i++) {
    char whole[512];
    int length = snprintf(whole, sizeof whole, "%s/%s", hierarchies[i].mountpoint, path);
    for (char* slash = whole + strlen(hierarchies[i].mountpoint) + 1;
         slash < whole + length && (slash = strchr(slash, '/')); slash++) {
      *slash = 0;
      if (mkdir(whole, 0755) == 0) {
        int dir = open(whole, O_DIRECTORY | O_CLOEXEC);
        // v1 cpusets begin empty unless they are cloned; v2 children have only what is handed down.
        if (has_controller(&hierarchies[i], "cpuset")) {
          char value[256] = "";
          for (int mems = 0; mems < 2; mems++) {
            const char* name = mems ? "cpuset.mems" : "cpuset.cpus";
            char above[600];
            snprintf(above, sizeof above, "%s/../%s", whole, name);
            int fd = open(above, O_RDONLY | O_CLOEXEC);
            ssize_t n = read(fd, value, sizeof value - 1);
            value[n > 0 ? n : 0] = 0;
            close(fd);
            write_at(dir, name, value);
          }
          write_at(dir, "cgroup.clone_children", "1");
        }
        if (!hierarchies[i].options[0])
          write_at(dir, "cgroup.subtree_control", "+memory +pids +cpu");
        close(dir);
      }
      *slash = '/';
    }
  }
}

static inline void join(pid_t pid) {
  char text[16];
  snprintf(text, sizeof text, "%d", pid);
  for (int i = 0; i < hierarchy_count; i++)
    if (write_at(hierarchies[i].dir, "cgroup.procs", text)) die(hierarchies[i].mountpoint);
}

#endif
