#include "apps/roost/reconnect_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace roost::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_span{500};
constexpr milliseconds longest_span{30'000};
constexpr unsigned doublings_max = 6; // 0.5 s * 2^6 is past the longest span
constexpr milliseconds restart_span{1000};
constexpr std::chrono::seconds restart_time{20};
constexpr unsigned internal_errors_max = 5;
constexpr std::chrono::seconds hint_max{600}; // a server that asks for more is not waited for

struct close_row {
  std::uint16_t code;
  after_close action;
  std::string_view text;
};

// The codes that have a meaning of their own; the ranges below cover the rest.
constexpr std::array close_rows = {
    close_row{1000, after_close::stop, "the server closed the connection"},
    close_row{1001, after_close::reconnect, "the server is going away"},
    close_row{1002, after_close::stop, "the server says that the client broke the protocol"},
    close_row{1003, after_close::stop, "the server cannot take this kind of data"},
    close_row{1006, after_close::reconnect, "the connection broke"},
    close_row{1007, after_close::stop, "the server says that the client sent bad text"},
    close_row{1008, after_close::stop, "the server's policy refuses this connection"},
    close_row{1009, after_close::stop, "the server says that a message was too big"},
    close_row{1011, after_close::reconnect, "the server made a mistake"},
    close_row{1012, after_close::reconnect, "the server restarts"},
    close_row{1013, after_close::reconnect, "the server is at its limit"},
    close_row{4008, after_close::reconnect_fresh, "this client did not read fast enough"},
    close_row{4401, after_close::stop, "the token is not valid (any more)"},
    close_row{4403, after_close::stop, "the token does not allow this"},
    close_row{4408, after_close::await_person, "the connection was idle for too long"},
    close_row{4409, after_close::stop, "the session was taken over elsewhere"},
    close_row{4410, after_close::ended, "the session has ended"},
    close_row{4429, after_close::stop, "the server says that this client sends too much"},
};

const close_row* find_row(std::uint16_t code) noexcept {
  for (const auto& row : close_rows)
    if (row.code == code)
      return &row;
  return nullptr;
}

} // namespace

after_close action_after(std::uint16_t code) noexcept {
  if (const auto* row = find_row(code))
    return row->action;
  if (code >= 4400 && code <= 4499)
    return after_close::stop;
  return after_close::reconnect;
}

std::string_view explain_close(std::uint16_t code) noexcept {
  const auto* row = find_row(code);
  return row != nullptr ? row->text : "the server ended the connection";
}

std::optional<std::chrono::seconds> retry_after_in(std::string_view text) noexcept {
  constexpr std::string_view key = "Retry-After";
  if (const auto at = text.find(key); at != std::string_view::npos)
    text.remove_prefix(at + key.size());
  const auto digit = text.find_first_not_of(" :=");
  if (digit == std::string_view::npos)
    return std::nullopt;
  text.remove_prefix(digit);
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end == text.data())
    return std::nullopt;
  return std::min(std::chrono::seconds(seconds), hint_max);
}

std::optional<milliseconds>
reconnect_policy::next_delay(std::uint16_t code, std::optional<milliseconds> hint, time_point now) {
  if (code == 1011 && ++internal_errors_ > internal_errors_max)
    return std::nullopt;
  if (hint)
    hint = std::clamp<milliseconds>(*hint, milliseconds(0), hint_max);
  // Once per success: a server that does nothing but restart is not asked twice a second for ever.
  if (code == 1012 && !restarting_until_)
    restarting_until_ = now + hint.value_or(milliseconds(0)) + restart_time;
  auto span = restart_span;
  if (!restarting_until_ || now >= *restarting_until_) {
    span = std::min(longest_span, first_span * (1U << std::min(attempts_, doublings_max)));
    ++attempts_;
  }
  const milliseconds jitter{
      static_cast<milliseconds::rep>(random_.between(0, static_cast<std::uint64_t>(span.count())))};
  // The jitter comes on top of a hint: every client was given the same one.
  return hint ? *hint + jitter : jitter;
}

void reconnect_policy::succeeded() noexcept {
  attempts_ = 0;
  internal_errors_ = 0;
  restarting_until_.reset();
}

} // namespace roost::cli
