// bench_load --port P --token T [--limit S]
// Reads orders from standard input, one in a line, and answers each with one line of JSON:
//   sources FIRST COUNT   connect from 127.0.0.1 + FIRST and up, in turn
//   open N PARALLEL       N WebSockets until each has its hello or is refused
//   cycle N PARALLEL      the same, and each is closed again at once
//   hold N PARALLEL       N connections with half a header
//   release PARALLEL      close everything
//   watch MS              stay for so long
//   quiet MS              stay until nothing has come for so long
// Ends with its input. `bench_load --floor` is a server instead, see floor.hpp.
// tests/bench/load/run starts the server and gives the orders.
#include "tests/bench/client/probe.hpp"
#include "tests/bench/load/crowd.hpp"
#include "tests/bench/load/floor.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using roost::bench::crowd;
using roost::bench::tally;
using std::chrono::milliseconds;

constexpr unsigned floor_limit_s = 600;
// Standard streams, the epoll, and what the library opens.
constexpr rlim_t other_descriptors = 16;

/// The hard limit, which is now in force.
rlim_t raise_descriptor_limit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

void check_descriptors(std::uint32_t count, rlim_t limit) {
  if (count + other_descriptors > limit)
    throw std::runtime_error("the limit of descriptors is " + std::to_string(limit) + ", and " +
                             std::to_string(count) + " connections need " +
                             std::to_string(count + other_descriptors) +
                             "; raise it (ulimit -Hn), or give a smaller --count");
}

std::string json(const tally& what) {
  roost::bench::report out;
  out.add("opened", static_cast<double>(what.opened));
  out.add("closed", static_cast<double>(what.closed));
  out.add("lost", static_cast<double>(what.lost));
  out.add("cut", static_cast<double>(what.cut));
  out.add("reset", static_cast<double>(what.reset));
  for (const auto& [status, count] : what.refused)
    out.add("refused_" + std::to_string(status), static_cast<double>(count));
  out.add("pings", static_cast<double>(what.pings));
  out.add("seconds", what.seconds);
  return out.json();
}

tally obey(crowd& all, const std::string& line, rlim_t descriptors) {
  std::istringstream in(line);
  std::string order;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  in >> order >> first >> second;
  if (order == "open" || order == "hold")
    check_descriptors(first, descriptors);
  if (order == "sources") {
    all.use_sources(first, second);
    return {};
  }
  if (order == "open")
    return all.open(first, second, crowd::life::stays);
  if (order == "cycle")
    return all.open(first, second, crowd::life::leaves_at_once);
  if (order == "hold")
    return all.hold(first, second);
  if (order == "release")
    return all.release(first);
  if (order == "watch")
    return all.watch(milliseconds{first});
  if (order == "quiet")
    return all.quiet(milliseconds{first});
  throw std::runtime_error("there is no order '" + order + "'");
}

} // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  crowd::target to;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const char* const value = argv[i + 1];
    if (flag == "--port")
      to.port = static_cast<std::uint16_t>(std::atoi(value));
    else if (flag == "--token")
      to.token = value;
    else if (flag == "--limit")
      to.limit = std::chrono::seconds{std::atoi(value)};
    else {
      std::fprintf(stderr, "bench_load: unknown flag %s\n", argv[i]);
      return 64;
    }
  }
  const auto descriptors = raise_descriptor_limit();
  std::string line = "start";
  try {
    if (argc == 2 && argv[1] == std::string_view{"--floor"}) {
      alarm(floor_limit_s);
      roost::bench::run_floor();
    }
    crowd all(to);
    // The program ends by itself, whatever the server or the driver does: an order has its limit,
    // and between two of them no more time may pass than that.
    const auto patience = static_cast<unsigned>(2 * to.limit.count());
    alarm(patience);
    while (std::getline(std::cin, line)) {
      std::printf("%s\n", json(obey(all, line, descriptors)).c_str());
      std::fflush(stdout);
      alarm(patience);
    }
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_load: %s: %s\n", line.c_str(), e.what());
    return 1;
  }
}
