#include "keeper/renewal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/retry.h"
#include "keeper/sealed.h"
#include "keeper/step.h"
#include "ns/pidfd.h"

extern char** environ;

namespace keeper {
namespace {

constexpr uint64_t kLookMs = 5;
// What is asked of a monitor is given up within two then.
constexpr uint64_t kSettleMs = 5000;
constexpr uint64_t kCheckMs = 10'000;

}  // namespace

Renewal::Renewal(Context& context, Hooks hooks) : context_(context), hooks_(std::move(hooks)) {}

void Renewal::begin(const Request& request, std::vector<base::UniqueFd> fds) {
  if (request_) return request.fail({EBUSY, "renew", ""}, "renew", "ERR_KEEPER_BUSY");
  if (fds.size() != 1) return request.fail({EINVAL, "renew", ""}, "renew");
  auto copy = sealed_copy(fds[0].get(), "keeper");
  if (!copy.ok()) return request.fail(copy.error(), "renew", "ERR_KEEPER_RENEWAL");
  program_ = std::move(*copy);
  request_ = request;
  hooks_.listen(false);
  give_up_ms_ = Loop::now_ms() + kSettleMs;
  when_settled([this] { check(); });
}

void Renewal::when_settled(std::function<void()> then) {
  if (hooks_.settled()) return then();
  if (Loop::now_ms() > give_up_ms_) return fail({EBUSY, "renew", ""});
  context_.loop.after(kLookMs, [this, then = std::move(then)] { when_settled(then); });
}

void Renewal::check() {
  Handover handover;
  hooks_.hand_over(handover);
  const auto left = handover.write();
  if (!left.ok()) return fail(left.error());
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return fail(base::last_error("pipe2"));
  said_.reset(pipe[0]);
  const base::UniqueFd says(pipe[1]);
  const pid_t keeper = ::getpid();
  checker_ = ::fork();
  if (checker_ < 0) return fail(base::last_error("fork"));
  if (checker_ == 0) {
    // It has our lock and our clients, and must not outlive us.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) _exit(1);
    ::dup2(says.get(), STDOUT_FILENO);
    handover.pass_on(true);
    execute(left->get(), "--check");
    _exit(1);
  }
  auto fd = ns::pidfd_open(checker_);
  if (!fd.ok()) {
    ::kill(checker_, SIGKILL);  // ours, and not waited for yet
    base::retry([&] { return ::waitpid(checker_, nullptr, 0); });
    return fail(fd.error());
  }
  checker_fd_ = std::move(*fd);
  deadline_ = context_.loop.after(
      kCheckMs, [this] { (void)ns::pidfd_send_signal(checker_fd_.get(), SIGKILL); });
  context_.loop.watch(checker_fd_.get(), EPOLLIN, [this](uint32_t) {
    int status = 0;
    base::retry([&] { return ::waitpid(checker_, &status, 0); });
    context_.loop.cancel(deadline_);
    context_.loop.forget(checker_fd_.get());
    checker_fd_.reset();
    checked(status);
  });
}

void Renewal::checked(int status) {
  std::array<char, kUnderstood.size()> said{};
  const ssize_t got = ::read(said_.get(), said.data(), said.size());
  said_.reset();
  if (got != ssize_t{kUnderstood.size()} ||
      std::string_view(said.data(), said.size()) != kUnderstood) {
    return fail({ENOEXEC, "execve", "keeper"},
                "the next program does not understand what it would get: wait status " +
                    std::to_string(status));
  }
  if (auto step = done(Step::RENEW_CHECKED); !step.ok()) return fail(step.error());
  give_up_ms_ = Loop::now_ms() + kSettleMs;
  when_settled([this] { replace(); });
}

void Renewal::replace() {
  Handover handover;
  hooks_.hand_over(handover);
  Writer frame(Kind::RENEW, 0);
  put_waiting(frame, request_);
  handover.put(frame);
  const auto left = handover.write();
  if (!left.ok()) return fail(left.error());
  if (auto step = done(Step::RENEW_WRITTEN); !step.ok()) return fail(step.error());
  context_.log.line("keeper %d becomes another program", ::getpid());
  context_.spare.dismiss();
  handover.pass_on(true);
  execute(left->get(), "--handover");
  const base::SysError error = base::last_error("execve", "keeper");
  handover.pass_on(false);
  context_.spare.refill();
  fail(error);
}

void Renewal::execute(int left, const char* option) const {
  const std::string number = std::to_string(left);
  std::array<const char*, 8> arguments{"keeper",
                                       "--state-dir",
                                       context_.options.state_dir.c_str(),
                                       "--cgroup-root",
                                       context_.options.cgroup_root.c_str(),
                                       option,
                                       number.c_str(),
                                       nullptr};
  ::fexecve(program_.get(), const_cast<char**>(arguments.data()), environ);
}

void Renewal::fail(const base::SysError& error, const std::string& detail) {
  context_.log.line("keeper %d stays what it is: %s %d %s", ::getpid(), error.syscall, error.errnum,
                    detail.c_str());
  program_.reset();
  const Request request = *std::exchange(request_, std::nullopt);
  hooks_.listen(true);
  request.fail(error, "renew", "ERR_KEEPER_RENEWAL", detail);
}

}  // namespace keeper
