// bench_client MEASURE --kind K --port P --server PID --agent PATH [--token T] [--tmux-socket S]
//              [--file F] [--count N] [--parallel N] [--interval-us N] [--seconds S] [--variant V]
// Prints one line of JSON. tests/bench/run starts the servers and calls it.
#include "tests/bench/client/measures.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <string_view>

namespace {

using roost::bench::order;
using roost::bench::report;
using roost::bench::target;

struct measure {
  std::string_view name;
  report (*run)(const target&, const order&);
};

constexpr measure measures[] = {
    {"throughput", roost::bench::measure_throughput},
    {"echo", roost::bench::measure_echo},
    {"idle", roost::bench::measure_idle},
    {"spawn", roost::bench::measure_spawn},
    {"stall", roost::bench::measure_stall},
    {"viewers", roost::bench::measure_viewers},
    {"reattach", roost::bench::measure_reattach},
    {"fanout", roost::bench::measure_fanout},
};

/// The whole client ends by itself, whatever a server does or does not.
constexpr unsigned limit_s = 240;

} // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  alarm(limit_s);
  target to;
  order what;
  what.measure = argc > 1 ? argv[1] : "";
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const char* const value = argv[i + 1];
    if (flag == "--kind")
      to.kind = value;
    else if (flag == "--port")
      to.port = static_cast<std::uint16_t>(std::atoi(value));
    else if (flag == "--server")
      to.server = std::atoi(value);
    else if (flag == "--agent")
      to.agent = value;
    else if (flag == "--token")
      to.token = value;
    else if (flag == "--tmux-socket")
      to.tmux_socket = value;
    else if (flag == "--file")
      what.file = value;
    else if (flag == "--variant")
      what.variant = value;
    else if (flag == "--count")
      what.count = std::atoi(value);
    else if (flag == "--parallel")
      what.parallel = std::atoi(value);
    else if (flag == "--interval-us")
      what.interval_us = std::atoi(value);
    else if (flag == "--seconds")
      what.seconds = std::atof(value);
    else {
      std::fprintf(stderr, "bench_client: unknown flag %s\n", argv[i]);
      return 64;
    }
  }
  for (const auto& one : measures) {
    if (one.name != what.measure)
      continue;
    try {
      std::printf("%s\n", one.run(to, what).json().c_str());
      return 0;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "bench_client %s %s: %s\n", what.measure.c_str(), to.kind.c_str(),
                   e.what());
      return 1;
    }
  }
  std::fprintf(stderr, "bench_client: no measure '%s'\n", what.measure.c_str());
  return 64;
}
