#include "actors/terminal/kill_ladder.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "actors/runtime/text_escape.hpp"
#include "actors/runtime/units.hpp"

namespace roost::terminal {
namespace {

constexpr std::size_t max_items = 16;
constexpr std::chrono::minutes longest_pause{10};

constexpr std::array<std::pair<std::string_view, int>, 31> signals = {{
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP}, {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
    {"CHLD", SIGCHLD}, {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
    {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS},
}};

/// The signals that make sense on a ladder; the others crash, stop or mean nothing to a program.
constexpr std::array<int, 8> ladder_signals = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                               SIGCONT, SIGUSR1, SIGUSR2, SIGKILL};

failure bad_item(std::size_t index, std::string_view item, std::string_view why) {
  std::string shown;
  append_visible(shown, utf8_prefix(item, 32));
  return {setup_error::bad_configuration,
          fmt::format("kill_ladder[{}]: \"{}\" {}", index, shown, why)};
}

} // namespace

kill_ladder::kill_ladder()
    : rungs_{{SIGHUP, std::chrono::seconds(2)},
             {SIGTERM, std::chrono::seconds(3)},
             {SIGKILL, std::chrono::seconds(0)}} {}

result<kill_ladder> kill_ladder::parse(std::span<const std::string> items) {
  if (items.empty() || items.size() > max_items)
    return failure{
        setup_error::bad_configuration,
        fmt::format("kill_ladder: {} items; it takes 1 to {}, such as [HUP, 2s, TERM, 3s, KILL]",
                    items.size(), max_items)};
  std::vector<kill_rung> rungs;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    if (const int number = signal_number(item); number != 0) {
      if (std::ranges::find(ladder_signals, number) == ladder_signals.end())
        return bad_item(
            i, item, "does not end a program; use HUP, INT, QUIT, TERM, CONT, USR1, USR2 or KILL");
      rungs.push_back({number, {}});
      continue;
    }
    const auto pause = parse_duration(item);
    if (!pause)
      return bad_item(i, item, "is neither a signal (HUP, TERM, KILL) nor a duration (250ms, 2s)");
    if (rungs.empty())
      return bad_item(i, item, "comes before the first signal");
    if (rungs.back().patience.count() != 0)
      return bad_item(i, item, "follows another duration; put a signal between them");
    if (*pause > longest_pause)
      return bad_item(i, item, "is longer than 10m");
    rungs.back().patience = *pause;
  }
  if (rungs.back().signal != SIGKILL || rungs.back().patience.count() != 0)
    return bad_item(items.size() - 1, items.back(),
                    "is the last item; it must be KILL, or a program could refuse to end");
  return kill_ladder(std::move(rungs));
}

int signal_number(std::string_view name) {
  std::string upper(name.substr(0, 16));
  for (auto& c : upper)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 'a' + 'A');
  std::string_view bare = upper;
  if (bare.starts_with("SIG"))
    bare.remove_prefix(3);
  const auto row = std::ranges::find(signals, bare, &std::pair<std::string_view, int>::first);
  return row == signals.end() ? 0 : row->second;
}

std::string signal_name(int number) {
  const auto row = std::ranges::find(signals, number, &std::pair<std::string_view, int>::second);
  return row == signals.end() ? fmt::format("SIG{}", number) : fmt::format("SIG{}", row->first);
}

kill_ladder kill_ladder::from_steps(std::span<const kill_step> steps) {
  std::vector<kill_rung> rungs;
  for (const auto& step : steps) {
    if (const auto* signal = std::get_if<int>(&step))
      rungs.push_back({*signal, std::chrono::milliseconds{0}});
    else if (!rungs.empty())
      rungs.back().patience += std::get<std::chrono::milliseconds>(step);
  }
  if (rungs.empty() || rungs.back().signal != SIGKILL)
    return kill_ladder{};
  return kill_ladder{std::move(rungs)};
}

} // namespace roost::terminal
