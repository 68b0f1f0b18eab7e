#include "tests/bench/client/measures.hpp"

#include "tests/bench/client/terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace roost::bench {

namespace {

constexpr double mib = 1024.0 * 1024.0;

/// The q-quantile, 0 to 1, of samples in any order.
double quantile(std::vector<double> samples, double q) {
  if (samples.empty())
    return NAN;
  std::sort(samples.begin(), samples.end());
  return samples[static_cast<std::size_t>(
      std::lround(q * static_cast<double>(samples.size() - 1)))];
}

/// What a cooked terminal makes of the file: each \n becomes \r\n.
std::uint64_t cooked_size(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::uint64_t size = 0;
  std::vector<char> piece(std::size_t{1} << 20);
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const auto end = piece.begin() + in.gcount();
    size += static_cast<std::uint64_t>(in.gcount() + std::count(piece.begin(), end, '\n'));
  }
  return size;
}

std::string seconds_text(double seconds) { return std::to_string(seconds); }

/// MiB/s of the program itself in the order that has just ended.
double program_rate(const terminal& of) {
  return static_cast<double>(of.ear().program_bytes()) / mib /
         (static_cast<double>(of.ear().program_us()) / 1e6);
}

/// Types one byte at a time at a steady pace and returns how long each took to come back, in ms.
std::vector<double> echo_times(terminal& term, int count, int interval_us) {
  term.order("echo");
  term.wait_for("[[bench-echo]]");
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(count));
  auto next = steady::now();
  for (int i = 0; i < count; ++i) {
    next += std::chrono::microseconds{interval_us};
    std::this_thread::sleep_until(next);
    // Digits and lower case letters are in escape sequences too (tmux); these are not.
    const char letter = "GNQUVXYZ"[i % 8];
    const auto start = steady::now();
    term.viewer().send({&letter, 1});
    bool back = false;
    while (!back) {
      const auto got = term.viewer().pump(
          2000, [&](std::string_view piece) { back |= piece.find(letter) != piece.npos; });
      if (got != pump_result::output)
        throw std::runtime_error("a typed byte did not come back within 2 s");
    }
    times.push_back(seconds_since(start) * 1e3);
    next = std::max(next, steady::now());
  }
  term.viewer().send("\x04");
  term.wait_for_end();
  return times;
}

/// Runs `work` beside this thread and passes its failure on.
class companion {
public:
  template <class Work>
  explicit companion(Work work) {
    thread_ = std::thread{[this, work] {
      try {
        work();
      } catch (...) {
        failure_ = std::current_exception();
      }
    }};
  }
  ~companion() {
    if (thread_.joinable())
      thread_.join();
  }
  void join() {
    thread_.join();
    if (failure_)
      std::rethrow_exception(failure_);
  }

private:
  std::exception_ptr failure_;
  std::thread thread_;
};

} // namespace

report measure_throughput(const target& to, const order& what) {
  const auto expected = cooked_size(what.file);
  terminal term{to};
  const auto cpu = cpu_seconds(to.server);
  const auto start = steady::now();
  const auto got = term.perform("cat " + what.file, 120);
  const auto seconds = seconds_since(start);
  report out;
  out.add("mib_s", static_cast<double>(expected) / mib / seconds);
  out.add("cpu_s_gib",
          (cpu_seconds(to.server) - cpu) / (static_cast<double>(expected) / mib / 1024));
  out.add("program_mib_s", program_rate(term));
  out.add("received", static_cast<double>(got) / static_cast<double>(expected));
  out.add("snapshots", static_cast<double>(term.viewer().snapshots()));
  out.add("rss_mib", static_cast<double>(rss_bytes(to.server)) / mib);
  return out;
}

report measure_echo(const target& to, const order& what) {
  terminal term{to};
  std::optional<terminal> loud;
  std::optional<companion> flood;
  double rate = 0;
  if (what.seconds > 0) {
    loud.emplace(to);
    loud->order("flood " + what.file + " " + seconds_text(what.seconds));
    flood.emplace([&] {
      loud->wait_for_end(what.seconds + 60);
      rate = program_rate(*loud);
    });
    ::timespec settle{0, 300'000'000};
    ::nanosleep(&settle, nullptr); // the flood and its window have come to a steady state
  }
  const auto cpu = cpu_seconds(to.server);
  const auto start = steady::now();
  auto times = echo_times(term, what.count, what.interval_us);
  const auto seconds = seconds_since(start);
  report out;
  out.add("p50_ms", quantile(times, 0.5));
  out.add("p99_ms", quantile(times, 0.99));
  out.add("max_ms", quantile(times, 1));
  out.add("cpu_share", (cpu_seconds(to.server) - cpu) / seconds);
  if (flood) {
    flood->join();
    out.add("flood_mib_s", rate);
    out.add("within_flood", seconds < what.seconds ? 1 : 0);
  }
  return out;
}

report measure_idle(const target& to, const order& what) {
  std::vector<std::unique_ptr<terminal>> terms;
  terms.push_back(std::make_unique<terminal>(to));
  const auto before = rss_bytes(to.server);
  while (static_cast<int>(terms.size()) <= what.count)
    terms.push_back(std::make_unique<terminal>(to));
  const auto cpu = cpu_seconds(to.server);
  ::timespec second{1, 0};
  ::nanosleep(&second, nullptr); // what is freed or started late belongs to the figure
  report out;
  out.add("kib_per_session",
          static_cast<double>(rss_bytes(to.server) - before) / 1024.0 / what.count);
  out.add("base_mib", static_cast<double>(before) / mib);
  out.add("idle_cpu_percent", (cpu_seconds(to.server) - cpu) * 100);
  return out;
}

report measure_spawn(const target& to, const order& what) {
  { const terminal warm{to}; }
  const auto each = what.count / what.parallel;
  const auto cpu = cpu_seconds(to.server);
  const auto start = steady::now();
  std::vector<std::vector<double>> times(static_cast<std::size_t>(what.parallel));
  {
    std::vector<std::unique_ptr<companion>> workers;
    workers.reserve(times.size());
    for (auto& mine : times)
      workers.push_back(std::make_unique<companion>([&to, &mine, each] {
        for (int i = 0; i < each; ++i) {
          const auto begin = steady::now();
          const terminal one{to};
          mine.push_back(seconds_since(begin) * 1e3);
        }
      }));
    for (auto& worker : workers)
      worker->join();
  }
  const auto seconds = seconds_since(start);
  std::vector<double> all;
  for (const auto& mine : times)
    all.insert(all.end(), mine.begin(), mine.end());
  report out;
  out.add("per_s", static_cast<double>(all.size()) / seconds);
  out.add("p50_ms", quantile(all, 0.5));
  out.add("p99_ms", quantile(all, 0.99));
  out.add("cpu_ms_each", (cpu_seconds(to.server) - cpu) * 1e3 / static_cast<double>(all.size()));
  return out;
}

report measure_stall(const target& to, const order& what) {
  terminal term{to};
  term.perform("flood " + what.file + " 1"); // the history ring is full from here on
  const auto before = rss_bytes(to.server);
  term.order("flood " + what.file + " " + seconds_text(what.seconds));
  std::uint64_t peak = before;
  const auto start = steady::now();
  constexpr std::uint64_t enough = std::uint64_t{4} << 30;
  while (seconds_since(start) < what.seconds && peak - before < enough) {
    ::timespec pause{0, 100'000'000};
    ::nanosleep(&pause, nullptr);
    peak = std::max(peak, rss_bytes(to.server));
  }
  report out;
  out.add("growth_mib", static_cast<double>(peak - before) / mib);
  out.add("stalled_s", seconds_since(start));
  if (peak - before < std::uint64_t{64} << 20) { // else draining it takes longer than the stall did
    const auto resumed = steady::now();
    try {
      term.wait_for_end(20);
      out.add("resumed_ms", seconds_since(resumed) * 1e3);
      out.add("program_mib_s", program_rate(term));
      out.add("snapshots", static_cast<double>(term.viewer().snapshots()));
    } catch (const std::runtime_error& e) {
      out.add("resumed", e.what());
    }
  }
  return out;
}

report measure_viewers(const target& to, const order& what) {
  terminal term{to};
  terminal other{to};
  const auto flood = "flood " + what.file + " " + seconds_text(what.seconds);
  // Without bad viewers first: the program's speed, echo here, echo next door while it floods.
  struct figures {
    double rate = 0;
    double own_p99 = 0;
    double other_p99 = 0;
    std::uint64_t peak = 0;
  };
  const auto run = [&] {
    figures f;
    term.order(flood);
    companion drain{[&] {
      term.wait_for_end(what.seconds + 30);
      f.rate = program_rate(term);
    }};
    f.other_p99 = quantile(echo_times(other, what.count, what.interval_us), 0.99);
    f.peak = rss_bytes(to.server);
    drain.join();
    f.peak = std::max(f.peak, rss_bytes(to.server));
    f.own_p99 = quantile(echo_times(term, what.count, what.interval_us), 0.99);
    return f;
  };
  const auto alone = run();
  const auto before = rss_bytes(to.server);
  figures beside;
  report out;
  {
    const bool reads = what.variant == "noack";
    crowd bad{term, what.parallel, false, reads};
    beside = run();
    out.add("viewers_cut", bad.gone());
    out.add("kib_each_read", static_cast<double>(bad.bytes()) / 1024 / what.parallel);
  }
  const auto high = std::max(beside.peak, before);
  out.add("kib_each", static_cast<double>(high - before) / 1024 / what.parallel);
  out.add("program_ratio", beside.rate / alone.rate);
  out.add("program_mib_s", beside.rate);
  out.add("own_echo_p99_ms", beside.own_p99);
  out.add("own_echo_p99_ratio", beside.own_p99 / alone.own_p99);
  out.add("other_echo_p99_ms", beside.other_p99);
  out.add("other_echo_p99_ratio", beside.other_p99 / alone.other_p99);
  return out;
}

report measure_reattach(const target& to, const order& what) {
  terminal term{to};
  term.perform("modes");
  term.perform("burst " + what.file + " 1");
  std::string stream;
  const auto attach_once = [&] {
    const auto mark = term.ear().text();
    stream.clear();
    const auto start = steady::now();
    const auto viewer = attach(to, term.name());
    agent_ear ear;
    ear.listen_for(mark);
    bool heard = false;
    while (!heard && seconds_since(start) < 20)
      viewer->pump(1000, [&](std::string_view piece) {
        stream.append(piece);
        heard |= ear.hear(piece);
      });
    if (!heard)
      throw std::runtime_error("the screen did not come within 20 s");
    return seconds_since(start) * 1e3;
  };
  const auto wrong_modes = [&] {
    auto modes = private_modes(stream);
    std::string wrong;
    for (const int mode : {2004, 1002, 1006, 1})
      wrong += modes[mode] ? "" : " " + std::to_string(mode);
    return wrong + (modes.contains(25) && !modes[25] ? "" : " 25");
  };
  report out;
  term.detach();
  std::vector<double> rest;
  rest.reserve(static_cast<std::size_t>(what.count));
  for (int i = 0; i < what.count; ++i)
    rest.push_back(attach_once());
  out.add("rest_ms", quantile(rest, 0.5));
  out.add("rest_p99_ms", quantile(rest, 0.99));
  out.add("rest_kib", static_cast<double>(stream.size()) / 1024);
  out.add("rest_modes_lost", wrong_modes());
  term.reattach();
  term.perform("say again"); // wherever the new viewer's stream begins, this comes after it
  std::vector<double> hot;
  for (int i = 0; i < 3; ++i) {
    term.perform("burst " + what.file + " 32");
    hot.push_back(attach_once());
  }
  out.add("flood_ms", quantile(hot, 0.5));
  out.add("flood_max_ms", quantile(hot, 1));
  out.add("flood_modes_lost", wrong_modes());
  return out;
}

report measure_fanout(const target& to, const order& what) {
  terminal term{to};
  const auto run = [&] {
    term.perform("cat " + what.file, 120);
    return program_rate(term);
  };
  run(); // warm
  const auto alone = run();
  crowd others{term, what.count - 1, true, true};
  ::timespec settle{0, 500'000'000};
  ::nanosleep(&settle, nullptr); // everybody has their first screen
  const auto before = others.bytes();
  const auto cpu = cpu_seconds(to.server);
  const auto start = steady::now();
  term.order("cat " + what.file);
  const auto mine = term.wait_for_end(120);
  const auto seconds = seconds_since(start);
  report out;
  out.add("program_ratio", program_rate(term) / alone);
  out.add("program_mib_s", program_rate(term));
  out.add("delivered_mib_s", static_cast<double>(others.bytes() - before + mine) / mib / seconds);
  out.add("cpu_s", cpu_seconds(to.server) - cpu);
  out.add("seconds", seconds);
  out.add("viewers_cut", others.gone());
  out.add("snapshots", static_cast<double>(others.snapshots()));
  return out;
}

} // namespace roost::bench
