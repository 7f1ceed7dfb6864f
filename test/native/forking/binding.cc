// An addon for tests only: a Node.js that becomes two, so that what it has loaded need not be
// loaded again. It has to run alone, without threads of V8 (--single-threaded); libuv makes its own
// anew. Built by CMake as forking.node.
#include <node_api.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

// Of libuv, which is in Node.js or beside it; Node-API has no header for it.
extern "C" int uv_loop_fork(uv_loop_s* loop);

namespace {

napi_value number(napi_env env, int value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value failed(napi_env env, const char* what) {
  napi_throw_error(env, nullptr, what);
  return nullptr;
}

int argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value first = nullptr;
  int value = 0;
  napi_get_cb_info(env, info, &count, &first, nullptr, nullptr);
  napi_get_value_int32(env, first, &value);
  return value;
}

// V8 has its heap left out of forks, to make those quick that execute something else next.
void let_heap_be_copied() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t start = 0;
    uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &start, &end) != 2) continue;
    // What cannot be, as the pages of the kernel, it refuses.
    ::madvise(reinterpret_cast<void*>(start), end - start, MADV_DOFORK);
  }
}

// fork(seconds): 0 in the child, which is killed after as many; its id in the parent
napi_value Fork(napi_env env, napi_callback_info info) {
  const auto seconds = static_cast<unsigned>(argument(env, info));
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return failed(env, "there is no loop");
  let_heap_be_copied();
  const pid_t pid = ::fork();
  if (pid < 0) return failed(env, "fork() has failed");
  if (pid > 0) return number(env, pid);
  ::alarm(seconds);
  // Nothing that this process could do without its loop.
  if (uv_loop_fork(loop) != 0) ::_exit(127);
  return number(env, 0);
}

// ended(pid): waits for it; its status, or the negative number of the signal that has ended it
napi_value Ended(napi_env env, napi_callback_info info) {
  const pid_t pid = argument(env, info);
  int status = 0;
  pid_t got = 0;
  do got = ::waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0) return failed(env, "waitpid() has failed");
  return number(env, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

// pid(): of this process, as process.pid was noted before
napi_value Pid(napi_env env, napi_callback_info /*info*/) {
  return number(env, ::getpid());
}

// exit(status): without waiting for threads that are not there
napi_value Exit(napi_env env, napi_callback_info info) {
  ::_exit(argument(env, info));
}

napi_value Init(napi_env env, napi_value exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("fork", Fork);
  add("ended", Ended);
  add("pid", Pid);
  add("exit", Exit);
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, Init)
