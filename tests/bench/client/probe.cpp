#include "tests/bench/client/probe.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace roost::bench {

namespace {

std::string read_proc(pid_t pid, const char* file) {
  const auto path = "/proc/" + (pid == 0 ? std::string{"self"} : std::to_string(pid)) + "/" + file;
  std::ifstream in{path};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (text.empty())
    throw std::runtime_error("the server is gone: no " + path);
  return text;
}

} // namespace

double cpu_seconds(pid_t pid) {
  const auto text = read_proc(pid, "stat");
  // Fields 14 and 15, counted behind the name, which may hold spaces.
  unsigned long user = 0;
  unsigned long system = 0;
  std::sscanf(text.c_str() + text.rfind(')') + 2,
              "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t rss_bytes(pid_t pid) {
  const auto text = read_proc(pid, "status");
  const auto at = text.find("VmRSS:");
  return at == text.npos ? 0 : std::strtoull(text.c_str() + at + 6, nullptr, 10) * 1024;
}

void report::add(const std::string& name, double value) {
  char number[64];
  std::snprintf(number, sizeof number, "%.6g", value);
  members_ += (members_.empty() ? "\"" : ",\"") + name + "\":" + number;
}

void report::add(const std::string& name, const std::string& text) {
  members_ += (members_.empty() ? "\"" : ",\"") + name + "\":\"" + text + "\"";
}

} // namespace roost::bench
