#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a session may see, do and use: the words that the configuration, the terminals and the
/// sandbox share. Plain values. docs/reference/sandbox.md says what each means.
namespace roost {

/// Bounds of one session. 0: no bound.
struct session_limits {
  std::uint64_t processes = 0; ///< processes and threads at a time
  std::uint64_t memory = 0;    ///< bytes
  double cpu = 0;              ///< cores
  std::chrono::milliseconds cpu_time{0};
  std::uint64_t open_files = 0; ///< descriptors of one process
  std::uint64_t file_size = 0;  ///< bytes of one file

  friend bool operator==(const session_limits&, const session_limits&) = default;
};

/// Bounds of all sessions of one user together. 0: no bound.
struct user_limits {
  std::uint64_t processes = 0; ///< processes at a time
  std::uint64_t memory = 0;    ///< bytes, resident

  friend bool operator==(const user_limits&, const user_limits&) = default;
};

/// For each the lower of the two bounds.
session_limits stricter(const session_limits& a, const session_limits& b);

/// What the system looks like inside.
enum class sandbox_base : std::uint8_t {
  none,      ///< not a sandbox: the server's own view
  workspace, ///< everything, read-only
  isolated   ///< programs and their settings only (/usr, /etc, …), read-only
};
enum class network_access : std::uint8_t { keep, none };
enum class home_access : std::uint8_t { keep, read_only, hide };
/// Which system calls are refused; `lenient` is written "default".
enum class system_call_filter : std::uint8_t { none, lenient, strict };

std::string_view to_string(sandbox_base base);
std::string_view to_string(network_access network);
std::string_view to_string(home_access home);
std::string_view to_string(system_call_filter filter);

struct sandbox_profile {
  std::string name = "none";
  sandbox_base base = sandbox_base::none;
  network_access network = network_access::keep;
  home_access home = home_access::keep;
  system_call_filter seccomp = system_call_filter::none;
  /// Absolute, or below the home: "~/…".
  std::vector<std::string> writable;
  std::vector<std::string> readable;
  std::vector<std::string> hide;
  session_limits limits;

  friend bool operator==(const sandbox_profile&, const sandbox_profile&) = default;
};

struct sandbox_config {
  std::string default_profile = "none";
  std::vector<sandbox_profile> profiles; ///< without the built-in ones

  friend bool operator==(const sandbox_config&, const sandbox_config&) = default;
};

/// A profile as it is offered to people.
struct sandbox_offer {
  sandbox_profile profile;
  std::string description; ///< a sentence or two
  bool is_default = false;
  std::string why_not; ///< why no session can run in it on this machine; empty: nothing is known
};

/// none, workspace, isolated.
const std::vector<sandbox_profile>& builtin_sandbox_profiles();

/// A built-in profile or one of the configuration; nothing if there is none of this name.
std::optional<sandbox_profile> find_sandbox_profile(const sandbox_config& from,
                                                    std::string_view name);

} // namespace roost
