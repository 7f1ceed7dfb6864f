// The floor of an exec: a process in the container's cgroups and namespaces, confined as its init
// is, runs a program there, and its exit status is known.
//   exec PID CGROUP PROGRAM
// prints "BEGIN END" in nanoseconds of CLOCK_MONOTONIC.
#include <grp.h>
#include <sched.h>
#include <sys/wait.h>

#include "confine.h"
#include "hierarchy.h"

static void run(pid_t init, const char* cgroup, char* program) {
  for (int i = 0; i < hierarchy_count; i++) {
    char procs[600];
    snprintf(procs, sizeof procs, "%s/%s/cgroup.procs", hierarchies[i].mountpoint, cgroup);
    if (write_at(AT_FDCWD, procs, "0")) die(procs);
  }
  int pidfd = (int)syscall(SYS_pidfd_open, init, 0);
  if (setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                       CLONE_NEWNET | CLONE_NEWCGROUP))
    die("setns");
  // Only a child is a member of the pid namespace.
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) {
    setsid();
    if (setgroups(0, NULL) || setresgid(0, 0, 0) || setresuid(0, 0, 0)) die("setresuid");
    confine();
    char* const argv[] = {program, NULL};
    char* const envp[] = {"container=lxc", NULL};
    execve(program, argv, envp);
    die(program);
  }
  int status;
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: exec PID CGROUP PROGRAM\n");
    return 2;
  }
  find_hierarchies();

  int64_t begin = now_ns();
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid == 0) run(atoi(argv[1]), argv[2], argv[3]);
  int status;
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  if (status) return 1;
  printf("%lld %lld\n", (long long)begin, (long long)now_ns());
  return 0;
}
