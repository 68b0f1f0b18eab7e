#include "actors/terminal/sandbox/refusal.hpp"

#include <array>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

struct known_trouble {
  std::string_view printed; ///< a part of bubblewrap's words
  std::string_view means;
};

constexpr std::string_view namespaces_refused =
    "this system does not let the server's user make user namespaces: allow them (sysctl "
    "kernel.unprivileged_userns_clone=1; on Ubuntu an AppArmor profile for bwrap; in a container, "
    "its security options)";
constexpr std::string_view mounts_refused =
    "the kernel refuses the sandbox's mounts, as it does inside of most containers: run the server "
    "outside of one, or allow nested namespaces there";
constexpr std::string_view path_is_gone =
    "a path that it shows cannot be used: see whether the profile's folders are still there";

// The first that fits is taken, so what is more exact comes first. The texts are those of
// bubblewrap 0.4 to 0.11.
constexpr std::array<known_trouble, 19> troubles = {{
    {"Unknown option", "bubblewrap is too old: 0.8.0 or newer is needed"},
    {"Resource temporarily unavailable",
     "the user has too many processes already (ulimit -u of the keeper)"},
    {"exceeded (ENOSPC)", "the limit of namespaces is reached (sysctl user.max_user_namespaces)"},
    {"No space left on device",
     "the limit of namespaces is reached (sysctl user.max_user_namespaces)"},
    {"does not support user namespaces", "the kernel has no user namespaces"},
    {"No permissions to creat", namespaces_refused},
    {"new namespace", namespaces_refused},
    {"uid map", namespaces_refused},
    {"gid map", namespaces_refused},
    {"loopback", namespaces_refused},
    {"old file caps", "the bwrap program has capabilities of its own: take them away"},
    {"mount proc", mounts_refused},
    {"slave", mounts_refused},
    {"Can't find source path", path_is_gone},
    {"bind", path_is_gone},
    {"Can't mkdir", path_is_gone},
    {"Can't create file", path_is_gone},
    {"Can't chdir", "the working directory cannot be used inside"},
    {"SECCOMP", "the kernel does not take filters of system calls"},
}};

} // namespace

failure explain_refusal(std::string_view printed, const std::string& profile) {
  std::string_view means = "bubblewrap ended; its own words are in the server's log";
  for (const auto& known : troubles)
    if (printed.find(known.printed) != std::string_view::npos) {
      means = known.means;
      break;
    }
  return {terminal_error::sandbox_unavailable,
          fmt::format("the sandbox profile '{}' cannot be used: {}", profile, means)};
}

} // namespace roost::terminal
