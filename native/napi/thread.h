// Starts a thread without std::thread, which can only throw when there is none to be had.
#pragma once

#include <pthread.h>

#include <functional>

namespace bridge {

// Returns 0 or an errno. The thread takes no signals: they are Node's. With `thread`
// the caller joins it; without, it is detached.
int start_thread(const char* name, std::function<void()> body, pthread_t* thread = nullptr);

}  // namespace bridge
