// The whole keeper, with its children: it answers whatever frames some clients send, and stays
// alive.
//
// An input is a list of steps: which client, how many descriptors go with it, the length of a
// frame, the frame. All of them are sent before it begins to read, then it is told to leave.

#define main keeper_main
#include "../../native/keeper/main.cc"
#undef main

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <optional>

#include "frames.h"
#include "jail.h"
#include "target.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max, unsigned seed);

namespace {

constexpr size_t kClients = 3;
constexpr size_t kMaxSteps = 12;
const std::string kState = "/run/fuzz";

struct Step {
  uint8_t client;
  uint8_t fds;
  std::string_view frame;
};

std::vector<Step> steps_of(fuzz::Input input) {
  std::vector<Step> steps;
  while (!input.empty() && steps.size() < kMaxSteps) {
    Step step{input.byte(), input.byte(), {}};
    const size_t length = input.number(2);
    step.frame = input.rest().substr(0, length);
    for (size_t i = 0; i < step.frame.size(); i++) (void)input.byte();
    steps.push_back(step);
  }
  return steps;
}

std::string bytes_of(const std::vector<Step>& steps) {
  std::string bytes;
  for (const Step& step : steps) {
    bytes += {static_cast<char>(step.client), static_cast<char>(step.fds),
              static_cast<char>(step.frame.size() >> 8), static_cast<char>(step.frame.size())};
    bytes += step.frame;
  }
  return bytes;
}

// Sends the last frame, once the keeper and its children have had some time.
int leaving = -1;
void leave(int) {
  static const std::string frame =
      keeper::Writer(keeper::Kind::SHUTDOWN, 1).number(keeper::Tag::FORCE, 1).bytes();
  (void)!::send(leaving, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool jailed = false;

void reap_children() {
  CHECK(jailed && ::getpid() == 1);
  ::kill(-1, SIGKILL);  // all but us: we are the first of our namespace
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

struct World {
  keeper::Options options{.state_dir = kState, .cgroup_root = "fuzz"};
  std::optional<keeper::Log> log;
  std::optional<cgroup::Hierarchies> hierarchies;
};

World& world() {
  static World& made = *[] {
    auto* world = new World;
    ::mkdir(kState.c_str(), 0755);
    CHECK(keeper::make_directories(kState).ok());
    CHECK(keeper::prepare_rootfs_area(kState + "/rootfs").ok());
    auto hierarchies = cgroup::Hierarchies::mounted();
    CHECK(hierarchies.ok());
    world->hierarchies = std::move(*hierarchies);
    CHECK(cgroup::create(*world->hierarchies, keeper::own_cgroup(world->options), true).ok());
    CHECK(cgroup::create(*world->hierarchies, "fuzz/pivot/lxc.pivot", false).ok());
    world->log.emplace(kState + "/keeper/log");
    ::setenv("PATH", "/nonexistent", 1);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGALRM, leave);
    return world;
  }();
  return made;
}

void run_keeper(const std::vector<Step>& steps) {
  World& in = world();
  const std::string path = kState + "/keeper/socket";
  auto listener = keeper::listen_at(path);
  CHECK(listener.ok());
  std::array<base::UniqueFd, kClients + 1> clients;
  for (base::UniqueFd& client : clients) {
    auto connected = keeper::connect_to(path);
    CHECK(connected.ok());
    client = std::move(*connected);
  }
  for (const Step& step : steps) {
    base::UniqueFd& client = clients[step.client % kClients];
    if (!client.valid()) continue;
    if (step.client >= 0xf0) {
      client.reset();  // hangs up in the middle
    } else {
      const std::vector<int> fds(step.fds % (keeper::kMaxDescriptors + 1), STDERR_FILENO);
      (void)keeper::send(client.get(), step.frame, fds);
    }
  }
  leaving = clients[kClients].get();
  const itimerval timer{{0, 5000}, {0, 5000}};
  CHECK(::setitimer(ITIMER_REAL, &timer, nullptr) == 0);
  const base::UniqueFd lock;
  keeper::Keeper keeper(in.options, *in.log, *in.hierarchies, lock, std::move(*listener));
  keeper.adopt();
  keeper.run();
  const itimerval none{};
  CHECK(::setitimer(ITIMER_REAL, &none, nullptr) == 0);
  // It is answered after all that came before.
  bool told = false;
  for (auto got = keeper::receive(leaving); got.ok() && !got->bytes.empty();
       got = keeper::receive(leaving)) {
    const auto answer = keeper::Message::parse(got->bytes);
    CHECK(answer.has_value());
    told = told || answer->kind == keeper::Kind::REPLY;
  }
  // Unless another client was there first.
  CHECK(told || std::any_of(steps.begin(), steps.end(), [](const Step& step) {
          const auto message = keeper::Message::parse(step.frame);
          return message && message->kind == keeper::Kind::SHUTDOWN;
        }));
}

}  // namespace

int LLVMFuzzerInitialize(int*, char***) {
  const char* writable = ::getenv("FUZZ_WRITABLE");
  fuzz::enter_jail(writable == nullptr ? "" : writable);
  jailed = true;
  (void)world();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Nobody calls it where inputs are only replayed.
  if (!jailed) LLVMFuzzerInitialize(nullptr, nullptr);
  const size_t before = fuzz::open_descriptors();
  run_keeper(steps_of(fuzz::Input(data, size)));
  reap_children();
  CHECK(fuzz::open_descriptors() == before);
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max, unsigned seed) {
  fuzz::FrameMutator mutator(seed);
  std::vector<Step> steps = steps_of(fuzz::Input(data, size));
  if (steps.empty()) steps.push_back({0, 0, std::string_view("\1\0\0\0\1\0\0\0", 8)});
  Step& step = steps[mutator.below(steps.size())];
  std::string frame;
  switch (mutator.below(10)) {
    case 0:
      step.client = static_cast<uint8_t>(mutator.below(256));
      break;
    case 1:
      step.fds = static_cast<uint8_t>(mutator.below(256));
      break;
    case 2:
      steps.push_back(step);
      break;
    case 3:
      if (steps.size() > 1)
        steps.erase(steps.begin() + static_cast<ptrdiff_t>(mutator.below(steps.size())));
      break;
    default:
      frame = mutator.frame(step.frame).substr(0, 0xffff);
      step.frame = frame;
  }
  const std::string bytes = bytes_of(steps);
  const size_t length = std::min(bytes.size(), max);
  std::copy_n(bytes.data(), length, data);
  return length;
}
