#pragma once

#include "actors/channel/call_desk.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace roost::channel::test {

/// What a desk has had done, in order.
class desk_port_log final : public desk_port {
public:
  struct other {
    std::uint64_t call = 0;
    std::string channel;
    std::string method;
    milliseconds patience{0};
  };

  void send(request what) override {
    out.insert(what.id);
    sent.push_back(std::move(what));
  }
  void withdraw(std::uint64_t id) override {
    out.erase(id);
    withdrawn.push_back(id);
  }
  void answer(std::uint64_t call, call_answer what) override {
    ++times[call];
    answers[call] = std::move(what);
  }
  void ask_other(std::uint64_t call, const std::string& channel, const std::string& method,
                 const std::string&, milliseconds patience) override {
    others.push_back({call, channel, method, patience});
  }

  std::vector<request> sent;
  std::set<std::uint64_t> out; ///< requests that the helper may still answer
  std::vector<std::uint64_t> withdrawn;
  std::map<std::uint64_t, call_answer> answers; ///< by call
  std::map<std::uint64_t, int> times;           ///< how often a call was answered
  std::vector<other> others;
};

} // namespace roost::channel::test
