#pragma once

#include "tests/bench/client/link.hpp"
#include "tests/bench/client/probe.hpp"

#include <string>

namespace roost::bench {

/// What to measure, how often and with what.
struct order {
  std::string measure;
  std::string file;       ///< a coloured text file
  std::string variant;    ///< viewers: `noack` or `noread`
  int count = 0;          ///< samples, sessions or viewers
  int parallel = 1;       ///< connections made at a time
  int interval_us = 5000; ///< between keystrokes
  double seconds = 0;     ///< how long a flood lasts; 0: none
};

report measure_throughput(const target& to, const order& what);
report measure_echo(const target& to, const order& what);
report measure_idle(const target& to, const order& what);
report measure_spawn(const target& to, const order& what);
report measure_stall(const target& to, const order& what);
report measure_viewers(const target& to, const order& what);
report measure_reattach(const target& to, const order& what);
report measure_fanout(const target& to, const order& what);

} // namespace roost::bench
