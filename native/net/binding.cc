// The room as JavaScript sees it: types/native/net.d.ts. Converts, and does nothing else.
#include "napi/exports.h"
#include "napi/task.h"
#include "net/link.h"

namespace {

// deleteVeth(name: string): Promise<void>
Napi::Value DeleteVeth(const Napi::CallbackInfo& info) {
  bridge::Args args(info);
  const std::string name = args[0].string();
  if (!args.ok()) return {};
  return bridge::run(info, [=] { return net::delete_veth(name); });
}

}  // namespace

Napi::Object init_net(Napi::Env env) {
  return bridge::functions(env, "net", {{"deleteVeth", DeleteVeth}});
}
