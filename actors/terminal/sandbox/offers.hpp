#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actors/runtime/config_sandbox.hpp"

namespace roost::terminal {

/// What stands in the way of sandboxes on a machine, as far as it is known without making one.
/// Sentences for people; empty: nothing is known to.
struct sandbox_obstacles {
  std::string any;     ///< of every sandbox
  std::string network; ///< of one without network, too
};

/// The contents of a small file; empty if there is none.
using file_reader = std::function<std::string(const std::string& path)>;

/// Looks for obstacles: bubblewrap at `bwrap` (`find_bwrap`; empty: not installed), and what the
/// kernel says of namespaces in /proc/sys. `uid` is the server's. Pure but for `read`.
sandbox_obstacles find_obstacles(const std::string& bwrap, std::uint32_t uid,
                                 const file_reader& read);
/// The same of this machine. Reads some small files in /proc and does not wait.
sandbox_obstacles find_obstacles();

/// All profiles, built-in ones first, as they are offered to people. Pure.
std::vector<sandbox_offer> offer_profiles(const sandbox_config& config,
                                          const sandbox_obstacles& obstacles);

/// What a profile means, in a sentence or two. Pure.
std::string describe_profile(const sandbox_profile& profile);

} // namespace roost::terminal
