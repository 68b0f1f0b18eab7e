#include "apps/roost/top_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include <boost/json/object.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/session_state.hpp"

namespace roost::cli {

namespace {

constexpr std::size_t widest_title = 24;
constexpr std::size_t widest_command = 20;
constexpr std::size_t widest_folder = 36;
constexpr std::size_t number_width = 6;
constexpr double busy_percent = 50;

const boost::json::object& usage_of(const boost::json::object& session) {
  static const boost::json::object unknown;
  const auto* const found = session.if_contains("usage");
  return found != nullptr && found->is_object() ? found->as_object() : unknown;
}

/// Below 0: not known.
double real_field(const boost::json::object& from, std::string_view name) {
  const auto* const found = from.if_contains(name);
  return found != nullptr && found->is_number() ? found->to_number<double>() : -1;
}

double cpu_of(const boost::json::value& session) {
  return real_field(usage_of(session.as_object()), "cpu_percent");
}

bool is_over(const boost::json::object& session) {
  const auto state = text_field(session, "state");
  return state == "exited" || state == "lost";
}

std::string with_one_digit(double x) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", x);
  return text.data();
}

/// A number, right-aligned; "-" if it is not known.
std::string number_cell(double known, std::string text, std::size_t width = number_width) {
  if (known < 0)
    text = "-";
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::vector<table_cell> row_of(const boost::json::object& session,
                               std::chrono::system_clock::time_point now) {
  const auto& usage = usage_of(session);
  const auto cpu = real_field(usage, "cpu_percent");
  const auto memory = real_field(usage, "memory_bytes");
  const auto processes = real_field(usage, "processes");
  const auto sandbox = text_field(session, "sandbox");
  const auto folder = text_field(usage, "cwd");
  return {
      {text_field(session, "id"), "1"},
      {cut_to_width(printable(text_field(session, "title")), widest_title)},
      state_cell(session, now),
      {number_cell(cpu, with_one_digit(cpu)), cpu >= busy_percent ? "31" : ""},
      {number_cell(memory, memory_text(memory), 9)},
      {number_cell(processes, std::to_string(static_cast<long long>(processes)), 5)},
      {cut_to_width(printable(text_field(usage, "foreground")), widest_command), "36"},
      {cut_start_to_width(printable(folder.empty() ? text_field(session, "cwd") : folder),
                          widest_folder)},
      {sandbox, sandbox == "none" ? "2" : "35"},
  };
}

} // namespace

boost::json::array busiest_first(const boost::json::array& sessions) {
  std::vector<boost::json::value> kept;
  for (const auto& session : sessions)
    if (session.is_object() && !is_over(session.as_object()))
      kept.push_back(session);
  std::stable_sort(kept.begin(), kept.end(),
                   [](const auto& a, const auto& b) { return cpu_of(a) > cpu_of(b); });
  boost::json::array sorted;
  for (auto& session : kept)
    sorted.push_back(std::move(session));
  return sorted;
}

std::string top_table(const boost::json::array& sessions, colour colours, std::size_t width,
                      std::size_t rows, std::chrono::system_clock::time_point now) {
  std::vector<std::vector<table_cell>> table = {{{"ID", "4"},
                                                 {"TITLE", "4"},
                                                 {"STATE", "4"},
                                                 {number_cell(0, "CPU%"), "4"},
                                                 {number_cell(0, "MEM", 9), "4"},
                                                 {"PROCS", "4"},
                                                 {"FOREGROUND", "4"},
                                                 {"CWD", "4"},
                                                 {"SANDBOX", "4"}}};
  // The line that tells of the rest takes the place of a row.
  const bool is_cut = rows > 0 && sessions.size() > rows;
  const auto shown = is_cut ? rows - 1 : sessions.size();
  for (std::size_t i = 0; i < shown; ++i)
    table.push_back(row_of(sessions[i].as_object(), now));
  auto text = render_table(table, colours, width);
  if (is_cut)
    text += "and " + std::to_string(sessions.size() - shown) + " more\n";
  return text;
}

std::string top_summary(const boost::json::array& sessions) {
  double cpu = 0;
  double memory = 0;
  double processes = 0;
  for (const auto& session : sessions) {
    const auto& usage = usage_of(session.as_object());
    cpu += std::max(0.0, real_field(usage, "cpu_percent"));
    memory += std::max(0.0, real_field(usage, "memory_bytes"));
    processes += std::max(0.0, real_field(usage, "processes"));
  }
  const auto count = [](double n, std::string_view what) {
    return std::to_string(static_cast<long long>(n)) + " " + std::string(what);
  };
  return count(static_cast<double>(sessions.size()),
               sessions.size() == 1 ? "session" : "sessions") +
         ", " + count(processes, processes == 1 ? "process" : "processes") + ", CPU " +
         with_one_digit(cpu) + "%, " + memory_text(memory);
}

std::string memory_text(double bytes) {
  constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  const bool is_whole = unit == 0 || bytes >= 100;
  return (is_whole ? std::to_string(static_cast<long long>(bytes)) : with_one_digit(bytes)) + " " +
         units[unit];
}

std::string cut_start_to_width(std::string_view path, std::size_t columns) {
  if (display_width(path) <= columns)
    return std::string(path);
  while (!path.empty() && display_width(path) + 1 > columns) {
    path.remove_prefix(1);
    while (!path.empty() && (static_cast<unsigned char>(path.front()) & 0xC0U) == 0x80U)
      path.remove_prefix(1); // the rest of a character
  }
  return columns == 0 ? std::string() : "…" + std::string(path);
}

} // namespace roost::cli
