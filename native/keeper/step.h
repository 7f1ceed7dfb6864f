// Steps by name: see step.def.h. A fault is armed at one of them by a FAULT frame or, for those
// before there is a socket, by the environment: VPSADMINOS_KEEPER_FAULT=kill:boot.locked
#pragma once

#include <optional>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"

namespace keeper {

enum class Step {
#define KEEPER_STEP(symbol, name, who, fails, what) symbol,
#include "keeper/step.def.h"
#undef KEEPER_STEP
};

// Before the first child: those that exist when a fault is armed shall know it too.
base::Status prepare_steps();

// One fault at a time, which stays until another one: an empty name disarms. `pid` is who is
// killed, 0 for whoever comes by the step.
base::Status arm_step(std::string_view name, bool fail, pid_t pid);
base::Status arm_step_from_environment();

struct ArmedStep {
  std::string_view name;
  bool fail;
  pid_t pid;
};
std::optional<ArmedStep> armed_step();

// Called when a step is over that nothing can be done about any more.
void passed(Step step);
// Called when a step is over that may have failed.
[[nodiscard]] base::Status done(Step step);

}  // namespace keeper
