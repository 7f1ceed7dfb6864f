#include "napi/pool.h"

#include <utility>

#include "napi/thread.h"

namespace bridge {

Pool::Pool(std::shared_ptr<JsThread> js, size_t threads)
    : state_(std::make_shared<State>()), limit_(threads) {
  state_->js = std::move(js);
}

int Pool::submit(std::unique_ptr<Job> job) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  if (state_->idle <= state_->queue.size() && state_->threads < limit_) {
    const int failed = start_thread("vpsadminos-slow", [state = state_] { serve(state); });
    if (failed != 0 && state_->threads == 0) return failed;
    if (failed == 0) ++state_->threads;
  }
  state_->queue.push_back(std::move(job));
  lock.unlock();
  state_->work.notify_one();
  return 0;
}

void Pool::serve(const std::shared_ptr<State>& state) {
  std::unique_lock<std::mutex> lock(state->mutex);
  for (;;) {
    ++state->idle;
    state->work.wait(lock, [&] { return state->closed || !state->queue.empty(); });
    --state->idle;
    if (state->closed) return;
    std::unique_ptr<Job> job = std::move(state->queue.front());
    state->queue.pop_front();
    lock.unlock();
    job->execute();
    state->js->post(std::move(job));
    lock.lock();
  }
}

void Pool::close() {
  std::deque<std::unique_ptr<Job>> dropped;
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->closed = true;
    dropped.swap(state_->queue);
  }
  state_->work.notify_all();
}

}  // namespace bridge
