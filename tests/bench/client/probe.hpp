#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace roost::bench {

/// What /proc says of a server, all its threads together. pid 0 is this process.
double cpu_seconds(pid_t pid);      ///< user and system time used so far; counts in 10 ms
std::uint64_t rss_bytes(pid_t pid); ///< resident memory now

/// What came out, as one line of JSON: numbers by name.
class report {
public:
  void add(const std::string& name, double value);
  void add(const std::string& name, const std::string& text);
  std::string json() const { return "{" + members_ + "}"; }

private:
  std::string members_;
};

} // namespace roost::bench
