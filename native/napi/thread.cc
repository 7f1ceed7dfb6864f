#include "napi/thread.h"

#include <csignal>
#include <memory>
#include <utility>

namespace bridge {

namespace {

struct Start {
  const char* name;
  std::function<void()> body;
};

void* enter(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name);
  start->body();
  return nullptr;
}

}  // namespace

int start_thread(const char* name, std::function<void()> body, pthread_t* thread) {
  auto start = std::make_unique<Start>(Start{name, std::move(body)});
  // The mask is inherited, so it is set before: there is no moment at which the new thread could
  // be picked for one of Node's signals.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t started;
  const int failed = pthread_create(&started, nullptr, enter, start.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failed != 0) return failed;
  (void)start.release();
  if (thread != nullptr) {
    *thread = started;
  } else {
    pthread_detach(started);
  }
  return 0;
}

}  // namespace bridge
