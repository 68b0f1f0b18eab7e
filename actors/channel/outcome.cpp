#include "actors/channel/outcome.hpp"

#include <array>
#include <string_view>

namespace roost::channel {

namespace {

constexpr judgement counted(call_reason why) { return {why, verdict::failure, true, true, true}; }
// The caller's own mistake: another value in its place would hide it.
constexpr judgement callers_own{call_reason::helper_error, verdict::ignored, false, false, false};
constexpr judgement overloaded{call_reason::overload, verdict::overload, true, false, true};
constexpr judgement given_up{call_reason::helper_error, verdict::cancelled, true, false, true};

struct category_row {
  std::string_view name;
  judgement means;
};
constexpr std::array categories = {
    category_row{"transient", counted(call_reason::helper_error)},
    category_row{"timeout", counted(call_reason::helper_error)},
    category_row{"internal", counted(call_reason::helper_error)},
    category_row{"protocol", counted(call_reason::protocol)},
    category_row{"overload", overloaded},
    category_row{"caller_error", callers_own},
    category_row{"not_found", callers_own},
    category_row{"auth", callers_own},
    category_row{"cancelled", given_up},
};

struct code_row {
  std::int64_t code;
  judgement means;
};
constexpr std::array codes = {
    code_row{-32700, counted(call_reason::protocol)}, // parse error
    code_row{-32600, counted(call_reason::protocol)}, // invalid request
    code_row{-32601, callers_own},                    // method not found
    code_row{-32602, callers_own},                    // invalid params
    code_row{-32603, counted(call_reason::helper_error)},
    code_row{-32800, given_up},
};

judgement judge_error(const reply& x) {
  for (const auto& row : categories)
    if (row.name == x.category)
      return row.means;
  for (const auto& row : codes)
    if (row.code == x.code)
      return row.means;
  return counted(call_reason::helper_error);
}

} // namespace

judgement judge(const reply& x) {
  switch (x.kind) {
  case reply_kind::value:
    return {};
  case reply_kind::helper_error:
    return judge_error(x);
  case reply_kind::unavailable:
    // It costs nobody any time, so there is nothing to protect callers from.
    return {call_reason::channel_unavailable, verdict::ignored, true, false, true};
  case reply_kind::transport:
    return counted(call_reason::transport);
  case reply_kind::protocol:
    return counted(call_reason::protocol);
  case reply_kind::overload:
    return overloaded;
  }
  return counted(call_reason::transport);
}

judgement judge_timeout() { return counted(call_reason::timeout); }

} // namespace roost::channel
