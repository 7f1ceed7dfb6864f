// Threads of our own for calls that may take seconds. In libuv's pool, which has
// four threads, they would hold up every file and name lookup of the process.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "napi/js_thread.h"

namespace bridge {

class Pool {
 public:
  // execute() runs on a thread of the pool, run() afterwards on the JavaScript thread.
  class Job : public JsThread::Call {
   public:
    virtual void execute() = 0;
  };

  // Jobs of one queue run one after the other, in order. A thing that is stuck holds one thread
  // then, however often it is asked, and needs no lock of its own.
  class Queue {
   private:
    friend class Pool;
    bool busy = false;
    std::deque<std::unique_ptr<Job>> waiting;
  };

  // At most so many threads of this name, a static string, of which up to `kept` stay when there is
  // nothing to do.
  Pool(std::shared_ptr<JsThread> js, const char* name, size_t threads, size_t kept);

  // JS thread. 0, or the errno of pthread_create when there is no thread at all to run it; the job
  // is gone then. `queue` may be null: the job is independent of all others.
  int submit(std::unique_ptr<Job> job, std::shared_ptr<Queue> queue);

  // JS thread, from the cleanup hook. Jobs that wait are dropped. One that runs cannot be
  // interrupted and is not waited for: its thread ends after it, and its result goes nowhere.
  void close();

 private:
  struct Entry {
    std::unique_ptr<Job> job;
    std::shared_ptr<Queue> queue;
  };
  // Owned by the threads too: a thread in a long call outlives the environment.
  struct State {
    std::shared_ptr<JsThread> js;
    std::mutex mutex;
    std::condition_variable work;
    std::deque<Entry> ready;
    size_t threads = 0;
    size_t kept = 0;
    size_t idle = 0;
    bool closed = false;
  };
  static void serve(const std::shared_ptr<State>& state);
  static void next_of(State& state, std::shared_ptr<Queue> queue);

  std::shared_ptr<State> state_;
  const char* name_;
  size_t limit_;
};

}  // namespace bridge
