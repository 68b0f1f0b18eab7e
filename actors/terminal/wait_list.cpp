#include "actors/terminal/wait_list.hpp"

#include "actors/terminal/text_matcher.hpp"

#include <algorithm>

namespace roost::terminal {

namespace {

// Text looked at in one check, over all waits: about two milliseconds' worth.
constexpr std::size_t text_budget = std::size_t{256} << 10;
// A shell that was just started needs this long at most until its first prompt; one without
// integration never reports one.
constexpr std::chrono::seconds first_prompt{3};

} // namespace

struct wait_list::wait {
  wait_id id = 0;
  wait_kind kind = wait_kind::exit;
  steady_time deadline;
  steady_time started;
  std::chrono::milliseconds idle{0};
  std::uint64_t since = 0;
  std::uint64_t commands = 0; ///< ended before the wait began
  std::optional<text_matcher> matcher;
  bool is_behind = false; ///< there is text that it has not looked at
};

wait_list::wait_list(std::size_t most) : most_(most) {}
wait_list::wait_list(wait_list&&) noexcept = default;
wait_list& wait_list::operator=(wait_list&&) noexcept = default;
wait_list::~wait_list() = default;

result<wait_list::wait_id> wait_list::add(const wait_for& what, const wait_facts& facts) {
  if (waits_.size() >= most_)
    return failure{terminal_error::too_many_waits, std::to_string(most_)};
  auto next = std::make_unique<wait>();
  next->id = next_id_++;
  next->kind = what.kind;
  next->started = facts.now;
  next->deadline = facts.now + what.timeout;
  next->idle = what.idle;
  next->since = what.since.value_or(facts.bytes.begin());
  next->commands = facts.shell.commands;
  if (what.kind == wait_kind::text || what.kind == wait_kind::regex) {
    ROOST_TRY(auto matcher,
              text_matcher::make(what.kind == wait_kind::text ? text_matcher::kind::text
                                                              : text_matcher::kind::regex,
                                 what.pattern, next->since));
    next->matcher.emplace(std::move(matcher));
  }
  const auto id = next->id;
  waits_.push_back(std::move(next));
  return id;
}

std::vector<std::pair<wait_list::wait_id, result<wait_result>>>
wait_list::check(const wait_facts& facts) {
  std::vector<std::pair<wait_id, result<wait_result>>> over;
  auto budget = text_budget;
  const auto judge = [&](wait& w) -> std::optional<result<wait_result>> {
    const wait_result met{true, {}, facts.bytes.end(), facts.exit_status};
    const auto because = [&](const char* reason) {
      auto result = met;
      result.reason = reason;
      return result;
    };
    switch (w.kind) {
    case wait_kind::text:
    case wait_kind::regex: {
      const auto before = w.matcher->offset();
      if (w.matcher->advance(facts.bytes, budget)) {
        auto result = because("matched");
        result.offset = w.matcher->offset();
        return result;
      }
      budget -=
          std::min<std::size_t>(budget, static_cast<std::size_t>(w.matcher->offset() - before));
      w.is_behind = w.matcher->offset() < facts.bytes.end();
      break;
    }
    case wait_kind::idle:
      if (facts.now - std::max(facts.last_output, w.started) >= w.idle)
        return because("idle");
      break;
    case wait_kind::command: {
      // Ended since the wait began; or nothing was running in the first place.
      const bool is_at_rest = facts.shell.at_prompt && !facts.is_command_pending;
      if (facts.shell.commands > w.commands || is_at_rest) {
        auto result = because("command_ended");
        result.exit_status = facts.shell.last_exit_status;
        return result;
      }
      if (!facts.is_integrated && !facts.has_ended && facts.now >= w.started + first_prompt)
        return failure{terminal_error::no_shell_integration, {}};
      break;
    }
    case wait_kind::exit:
      if (facts.has_ended)
        return because("exited");
      break;
    }
    if (facts.has_ended && !w.is_behind) {
      // Nothing more can come: waiting for the time-out would only hide why.
      auto result = because("exited");
      result.met = w.kind == wait_kind::idle;
      return result;
    }
    if (facts.now >= w.deadline) {
      auto result = because("timeout");
      result.met = false;
      return result;
    }
    return std::nullopt;
  };
  std::erase_if(waits_, [&](const std::unique_ptr<wait>& w) {
    auto result = judge(*w);
    if (!result)
      return false;
    over.emplace_back(w->id, std::move(*result));
    return true;
  });
  return over;
}

std::optional<steady_time> wait_list::next_check(steady_time now, steady_time last_output) const {
  std::optional<steady_time> next;
  const auto at = [&](steady_time when) { next = next ? std::min(*next, when) : when; };
  for (const auto& w : waits_) {
    at(w->deadline);
    if (w->kind == wait_kind::command && now < w->started + first_prompt)
      at(w->started + first_prompt);
    if (w->kind == wait_kind::idle)
      at(std::max(last_output, w->started) + w->idle);
    if (w->is_behind)
      at(now);
  }
  return next;
}

} // namespace roost::terminal
