#include "apps/roost/channel_view.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/program.hpp"

namespace roost::cli {

namespace {

// What a person takes in; --json has all that the server keeps.
constexpr std::size_t shown_transitions = 10;

using table_rows = std::vector<std::vector<table_cell>>;

std::string number(const boost::json::object& from, std::string_view name) {
  return std::to_string(number_field(from, name).value_or(0));
}

const boost::json::object& object_field(const boost::json::object& from, std::string_view name) {
  static const boost::json::object nothing;
  const auto* const value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : nothing;
}

std::string time_text(std::int64_t ms) {
  if (ms % 1000 == 0)
    return std::to_string(ms / 1000) + " s";
  return std::to_string(ms) + " ms";
}

std::string_view style_of(std::string_view state) {
  if (state == "closed")
    return "32";
  if (state == "open" || state == "forced-open")
    return "31";
  return state == "half-open" ? "33" : "35";
}

std::string helper_text(const boost::json::object& transport) {
  const auto kind = text_field(transport, "kind");
  if (!flag_field(transport, "up").value_or(false))
    return kind + " down";
  const auto pid = number_field(transport, "pid").value_or(0);
  return kind + (pid > 0 ? " pid " + std::to_string(pid) : " up");
}

std::string state_text(const boost::json::object& channel) {
  auto text = text_field(channel, "state");
  if (const auto age = age_text(text_field(channel, "since")); !age.empty())
    text += " for " + age;
  if (const auto wait = number_field(channel, "retry_after_ms").value_or(0); wait > 0)
    text += ", the next call is let through in " + std::to_string((wait + 999) / 1000) + " s";
  return text;
}

std::string override_text(const boost::json::object& set) {
  if (set.empty())
    return "none";
  const auto until = text_field(set, "expires_at");
  return text_field(set, "state") + " by " + text_field(set, "who") +
         (until.empty() ? std::string(" until it is cleared") : " until " + until) + ": " +
         text_field(set, "reason");
}

std::string window_text(const boost::json::object& window) {
  return number(window, "calls") + " calls in " +
         time_text(number_field(window, "length_ms").value_or(0)) + ", " +
         number(window, "failed") + " failed, " + number(window, "slow") + " slow";
}

/// "3: timeout 2, rejected 1"; "0" if none failed.
std::string failed_text(const boost::json::object& by_reason) {
  std::int64_t sum = 0;
  std::string reasons;
  for (const auto& [reason, count] : by_reason) {
    const auto value = number_field(by_reason, reason).value_or(0);
    if (value <= 0)
      continue;
    sum += value;
    reasons += (reasons.empty() ? ": " : ", ") + std::string(reason) + " " + std::to_string(value);
  }
  return std::to_string(sum) + reasons;
}

std::vector<table_cell> row_of(const boost::json::object& channel) {
  const auto& window = object_field(channel, "window");
  const auto state = text_field(channel, "state");
  return {{text_field(channel, "name"), "1"},
          {state, style_of(state)},
          {age_text(text_field(channel, "since"))},
          {number(window, "calls")},
          {number(window, "failed")},
          {number(window, "slow")},
          {number(channel, "in_flight")},
          {number(channel, "limit")},
          {time_text(number_field(channel, "timeout_ms").value_or(0))},
          {helper_text(object_field(channel, "transport"))}};
}

std::vector<table_cell> headings(std::initializer_list<const char*> names) {
  std::vector<table_cell> row;
  for (const auto* const name : names)
    row.push_back({name, "4"});
  return row;
}

/// The newest transitions, the oldest of them first.
table_rows transition_rows(const boost::json::object& channel) {
  table_rows rows;
  const auto* const list = channel.if_contains("transitions");
  if (list == nullptr || !list->is_array())
    return rows;
  const auto& all = list->get_array();
  for (auto i = all.size() - std::min(all.size(), shown_transitions); i < all.size(); ++i) {
    if (!all[i].is_object())
      continue;
    const auto& each = all[i].get_object();
    const auto& window = object_field(each, "window");
    const auto to = text_field(each, "to");
    rows.push_back({{text_field(each, "at")},
                    {text_field(each, "what")},
                    {text_field(each, "from")},
                    {to, style_of(to)},
                    {number(window, "calls")},
                    {number(window, "failed")},
                    {number(window, "slow")},
                    {text_field(each, "why")}});
  }
  if (!rows.empty())
    rows.insert(rows.begin(),
                headings({"AT", "WHAT", "FROM", "TO", "CALLS", "FAILED", "SLOW", "WHY"}));
  return rows;
}

template <class Visit>
void for_each_channel(const boost::json::object& list, Visit visit) {
  if (const auto* const found = list.if_contains("channels"); found && found->is_array())
    for (const auto& channel : found->get_array())
      if (channel.is_object())
        visit(channel.get_object());
}

} // namespace

table_rows channel_rows(const boost::json::object& list) {
  table_rows rows = {headings({"NAME", "STATE", "SINCE", "CALLS", "FAILED", "SLOW", "IN-FLIGHT",
                               "LIMIT", "TIMEOUT", "HELPER"})};
  for_each_channel(list,
                   [&](const boost::json::object& channel) { rows.push_back(row_of(channel)); });
  return rows;
}

std::string channel_names(const boost::json::object& list) {
  std::string names;
  for_each_channel(list, [&](const boost::json::object& channel) {
    names += printable(text_field(channel, "name")) + "\n";
  });
  return names;
}

std::string channel_page(const boost::json::object& channel, colour colours, std::size_t width) {
  const auto yes_no = [&](std::string_view name) {
    return flag_field(channel, name).value_or(false) ? "yes" : "no";
  };
  const auto& transport = object_field(channel, "transport");
  const auto& totals = object_field(channel, "totals");
  const table_rows rows = {
      {{"channel", "1"}, {text_field(channel, "name")}},
      {{"state", "1"}, {state_text(channel), style_of(text_field(channel, "state"))}},
      {{"set by hand", "1"}, {override_text(object_field(channel, "override"))}},
      {{"window", "1"},
       {window_text(object_field(channel, "window")) + "; " +
        number(channel, "consecutive_failures") + " failed in a row"}},
      {{"calls out", "1"},
       {number(channel, "in_flight") + " of " + number(channel, "limit") + ", " +
        number(channel, "waiting") + " wait for a place"}},
      {{"timeout", "1"}, {time_text(number_field(channel, "timeout_ms").value_or(0))}},
      {{"helper", "1"},
       {helper_text(transport) + "; " + number(transport, "starts") + " starts, " +
        number(transport, "unknown_messages") + " unknown messages, " +
        number(transport, "violations") + " violations"}},
      {{"idempotent", "1"}, {yes_no("idempotent")}},
      {{"fallback", "1"}, {yes_no("fallback")}},
      {{"totals", "1"}, {}},
      {{"  calls"}, {number(totals, "calls")}},
      {{"  ok"}, {number(totals, "ok")}},
      {{"  degraded"}, {number(totals, "degraded")}},
      {{"  no answer"}, {failed_text(object_field(totals, "failed"))}},
      {{"  retries"}, {number(totals, "retries")}},
      {{"  fallback failed"}, {number(totals, "fallback_failed")}},
      {{"  times opened"}, {number(totals, "opens")}},
      {{"  late results"}, {number(totals, "late")}},
  };
  auto text = render_table(rows, colours, width);
  if (const auto latest = transition_rows(channel); !latest.empty())
    text += "\n" + render_table(latest, colours, width);
  return text;
}

} // namespace roost::cli
