#include "net/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>

#include "base/fd.h"
#include "base/retry.h"

namespace net {

namespace {

using base::Result;
using base::Status;
using base::SysError;
using base::UniqueFd;

constexpr size_t kAnswer = 16'384;  // what the kernel says of one link is a few thousand bytes

struct Request {
  nlmsghdr header;
  ifinfomsg link;
  rtattr attribute;
  std::array<char, RTA_ALIGN(IFNAMSIZ)> name;
};

struct Answer {
  alignas(nlmsghdr) std::array<char, kAnswer> bytes;
  size_t length = 0;
};

// One request, one answer: this is the only one on its socket.
Result<Answer> ask(int socket, const Request& request, const std::string& name) {
  const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
  const ssize_t sent = base::retry([&] {
    return ::sendto(socket, &request, request.header.nlmsg_len, 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel));
  });
  if (sent < 0) return base::last_error("sendto", name);
  Answer answer;
  const ssize_t got = base::retry(
      [&] { return ::recv(socket, answer.bytes.data(), answer.bytes.size(), MSG_TRUNC); });
  if (got < 0) return base::last_error("recv", name);
  if (static_cast<size_t>(got) > answer.bytes.size()) return SysError{EMSGSIZE, "recv", name};
  answer.length = static_cast<size_t>(got);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.bytes.data());
  if (!NLMSG_OK(header, answer.length)) return SysError{EPROTO, "recv", name};
  if (header->nlmsg_type != NLMSG_ERROR) return answer;
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof(nlmsgerr))) return SysError{EPROTO, "recv", name};
  const auto* said = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
  if (said->error == 0) return answer;
  const char* what = request.header.nlmsg_type == RTM_DELLINK ? "RTM_DELLINK" : "RTM_GETLINK";
  return SysError{-said->error, what, name};
}

Request request_of(uint16_t type, uint16_t flags) {
  Request request{};
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(ifinfomsg));
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  request.link.ifi_family = AF_UNSPEC;
  return request;
}

bool is_kind(rtattr* attribute, int length, std::string_view kind) {
  for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    if (attribute->rta_type != IFLA_INFO_KIND) continue;
    const std::string_view found(static_cast<const char*>(RTA_DATA(attribute)),
                                 RTA_PAYLOAD(attribute));
    // With or without the NUL at its end.
    return found.substr(0, found.find('\0')) == kind;
  }
  return false;
}

// Its number, which no other one gets in its stead: a name may be another one's in the next moment.
Result<int> veth_index(int socket, const std::string& name) {
  Request request = request_of(RTM_GETLINK, 0);
  request.attribute.rta_type = IFLA_IFNAME;
  request.attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(name.size() + 1));
  std::memcpy(request.name.data(), name.c_str(), name.size() + 1);
  request.header.nlmsg_len += RTA_ALIGN(request.attribute.rta_len);
  auto answer = ask(socket, request, name);
  if (!answer) return std::move(answer.error());
  auto* header = reinterpret_cast<nlmsghdr*>(answer->bytes.data());
  if (header->nlmsg_type != RTM_NEWLINK || header->nlmsg_len < NLMSG_LENGTH(sizeof(ifinfomsg)))
    return SysError{EPROTO, "RTM_GETLINK", name};
  auto* link = static_cast<ifinfomsg*>(NLMSG_DATA(header));
  auto length = static_cast<int>(IFLA_PAYLOAD(header));
  for (auto* one = IFLA_RTA(link); RTA_OK(one, length); one = RTA_NEXT(one, length)) {
    if ((one->rta_type & NLA_TYPE_MASK) != IFLA_LINKINFO) continue;
    auto* inner = static_cast<rtattr*>(RTA_DATA(one));
    if (is_kind(inner, static_cast<int>(RTA_PAYLOAD(one)), "veth")) return link->ifi_index;
  }
  return SysError{EMEDIUMTYPE, "RTM_GETLINK", name};
}

}  // namespace

Status delete_veth(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ) return SysError{ENODEV, "RTM_GETLINK", name};
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return base::last_error("socket", name);
  auto index = veth_index(socket.get(), name);
  if (!index) return std::move(index.error());
  Request request = request_of(RTM_DELLINK, NLM_F_ACK);
  request.link.ifi_index = *index;
  auto answer = ask(socket.get(), request, name);
  if (!answer) return std::move(answer.error());
  return base::success();
}

}  // namespace net
