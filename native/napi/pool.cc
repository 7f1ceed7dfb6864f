#include "napi/pool.h"

#include <utility>

#include "napi/thread.h"

namespace bridge {

Pool::Pool(std::shared_ptr<JsThread> js, const char* name, size_t threads, size_t kept)
    : state_(std::make_shared<State>()), name_(name), limit_(threads) {
  state_->js = std::move(js);
  state_->kept = kept;
}

int Pool::submit(std::unique_ptr<Job> job, std::shared_ptr<Queue> queue) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  if (queue != nullptr && queue->busy) {
    queue->waiting.push_back(std::move(job));
    return 0;
  }
  if (state_->idle <= state_->ready.size() && state_->threads < limit_) {
    const int failed = start_thread(name_, [state = state_] { serve(state); });
    if (failed != 0 && state_->threads == 0) return failed;
    if (failed == 0) ++state_->threads;
  }
  if (queue != nullptr) queue->busy = true;
  state_->ready.push_back({std::move(job), std::move(queue)});
  lock.unlock();
  state_->work.notify_one();
  return 0;
}

void Pool::serve(const std::shared_ptr<State>& state) {
  std::unique_lock<std::mutex> lock(state->mutex);
  for (;;) {
    if (state->ready.empty() && state->threads > state->kept) {
      --state->threads;
      return;
    }
    ++state->idle;
    state->work.wait(lock, [&] { return state->closed || !state->ready.empty(); });
    --state->idle;
    if (state->closed) return;
    Entry entry = std::move(state->ready.front());
    state->ready.pop_front();
    lock.unlock();
    entry.job->execute();
    state->js->post(std::move(entry.job));
    lock.lock();
    if (entry.queue != nullptr) next_of(*state, std::move(entry.queue));
  }
}

// With the lock held. The next job goes to the end of the line: queues take turns.
void Pool::next_of(State& state, std::shared_ptr<Queue> queue) {
  queue->busy = !queue->waiting.empty() && !state.closed;
  if (!queue->busy) {
    // Jobs own what owns their queue; dropping them here undoes that circle.
    queue->waiting.clear();
    return;
  }
  std::unique_ptr<Job> job = std::move(queue->waiting.front());
  queue->waiting.pop_front();
  state.ready.push_back({std::move(job), std::move(queue)});
}

void Pool::close() {
  std::deque<Entry> dropped;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->closed = true;
    dropped.swap(state_->ready);
    for (Entry& entry : dropped) {
      if (entry.queue != nullptr) next_of(*state_, std::move(entry.queue));
    }
  }
  state_->work.notify_all();
}

}  // namespace bridge
