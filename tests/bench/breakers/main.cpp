// bench_breaker: one circuit breaker, as fast as one thread can use it. One line of JSON.
//
// usage: bench_breaker [SECONDS [IN_FLIGHT]]
#include "actors/channel/breaker/breaker.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <variant>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace channel = roost::channel;

constexpr int batch = 1000; // calls between two looks at the time that has passed

double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

struct result {
  std::uint64_t calls = 0;
  double seconds = 0;
  double cpu = 0;
};

/// Calls that succeed at once, of which `in_flight` are out at any time. Each reads the clock
/// twice, as its owner would.
result measure(channel::breaker& subject, const roost::clock& time, double seconds,
               std::size_t in_flight) {
  std::vector<std::uint64_t> out(in_flight, 0);
  std::size_t next = 0;
  result measured;
  const auto begin = time.now();
  const auto cpu_begin = cpu_seconds();
  for (double passed = 0; passed < seconds;) {
    for (int i = 0; i < batch; ++i) {
      if (out[next] != 0)
        subject.complete(out[next], channel::verdict::success, time.now());
      const auto answer = subject.acquire(time.now(), 2s);
      const auto* given = std::get_if<channel::permit>(&answer);
      out[next] = given != nullptr ? given->id : 0;
      next = next + 1 == in_flight ? 0 : next + 1;
    }
    measured.calls += batch;
    passed = std::chrono::duration<double>(time.now() - begin).count();
  }
  measured.seconds = std::chrono::duration<double>(time.now() - begin).count();
  measured.cpu = cpu_seconds() - cpu_begin;
  for (const auto id : out)
    subject.complete(id, channel::verdict::success, time.now());
  return measured;
}

} // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 1;
  const auto in_flight = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1;
  if (seconds <= 0 || in_flight < 1 || in_flight > 32) {
    std::fprintf(stderr, "usage: bench_breaker [SECONDS [IN_FLIGHT, 1..32]]\n");
    return 2;
  }
  const auto& time = roost::system_clock::instance();
  roost::seeded_random random(1);
  channel::breaker subject({}, random, time.now());
  measure(subject, time, seconds / 5, in_flight); // warms up
  const auto before = subject.view(time.now()).totals;
  const auto measured = measure(subject, time, seconds, in_flight);
  const auto after = subject.view(time.now());
  // What was not granted, judged and in the window was not measured.
  if (after.totals.granted - before.granted != measured.calls ||
      after.totals.succeeded != after.totals.granted || after.window.calls == 0) {
    std::fprintf(stderr, "bench_breaker: not every call was granted and counted\n");
    return 1;
  }
  std::printf("{\"calls\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
              static_cast<unsigned long long>(measured.calls), measured.seconds, measured.cpu);
  return 0;
}
