#include "actors/runtime/config_sandbox.hpp"

#include <algorithm>
#include <array>

namespace roost {

namespace {

// What a confined agent with its compilers and test servers needs, and a fork bomb does not get.
constexpr std::uint64_t isolated_processes = 512;
constexpr std::uint64_t isolated_memory = std::uint64_t{4} << 30;

constexpr std::array<std::string_view, 3> base_names = {"none", "workspace", "isolated"};
constexpr std::array<std::string_view, 2> network_names = {"keep", "none"};
constexpr std::array<std::string_view, 3> home_names = {"keep", "read_only", "hide"};
constexpr std::array<std::string_view, 3> filter_names = {"none", "default", "strict"};

template <class Number>
Number lower(Number a, Number b) {
  return a == Number{} ? b : b == Number{} ? a : std::min(a, b);
}

} // namespace

std::string_view to_string(sandbox_base base) { return base_names[static_cast<std::size_t>(base)]; }
std::string_view to_string(network_access network) {
  return network_names[static_cast<std::size_t>(network)];
}
std::string_view to_string(home_access home) { return home_names[static_cast<std::size_t>(home)]; }
std::string_view to_string(system_call_filter filter) {
  return filter_names[static_cast<std::size_t>(filter)];
}

session_limits stricter(const session_limits& a, const session_limits& b) {
  return {.processes = lower(a.processes, b.processes),
          .memory = lower(a.memory, b.memory),
          .cpu = lower(a.cpu, b.cpu),
          .cpu_time = lower(a.cpu_time, b.cpu_time),
          .open_files = lower(a.open_files, b.open_files),
          .file_size = lower(a.file_size, b.file_size)};
}

const std::vector<sandbox_profile>& builtin_sandbox_profiles() {
  static const auto profiles = [] {
    sandbox_profile workspace{.name = "workspace",
                              .base = sandbox_base::workspace,
                              .network = network_access::keep,
                              .home = home_access::read_only,
                              .seccomp = system_call_filter::lenient,
                              .writable = {},
                              .readable = {},
                              .hide = {},
                              .limits = {}};
    sandbox_profile isolated{.name = "isolated",
                             .base = sandbox_base::isolated,
                             .network = network_access::none,
                             .home = home_access::hide,
                             .seccomp = system_call_filter::strict,
                             .writable = {},
                             .readable = {},
                             .hide = {},
                             .limits = {}};
    isolated.limits.processes = isolated_processes;
    isolated.limits.memory = isolated_memory;
    return std::vector<sandbox_profile>{sandbox_profile{}, workspace, isolated};
  }();
  return profiles;
}

std::optional<sandbox_profile> find_sandbox_profile(const sandbox_config& from,
                                                    std::string_view name) {
  for (const auto* list : {&builtin_sandbox_profiles(), &from.profiles})
    for (const auto& profile : *list)
      if (profile.name == name)
        return profile;
  return std::nullopt;
}

} // namespace roost
