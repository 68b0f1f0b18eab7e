#pragma once

#include <sys/ioctl.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/wire/keeper.hpp"

namespace roost::keeper {

/// A start request that was found to be whole. Holds the program's environment, so it lives only
/// until the program's process is forked.
struct start_request {
  std::string executable;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string folder;
  winsize size{};
  memory_wish memory{};
  bool is_sandboxed = false;
  bool is_again = false; ///< the next program of a session
  std::vector<limit_wish> limits;
  std::optional<user_wish> user;
  std::vector<gid_t> groups;
  std::optional<gid_t> terminal_group;
  std::vector<std::pair<std::string, std::string>> cgroup_lines; ///< file, value
};

/// Copies a start request out of what came with the packet, so that it cannot change any more.
/// Nothing: it is no memfd, too large, or shorter than `size`.
std::optional<std::string> copy_request(int memfd, std::uint32_t size);

/// Reads a start request, strictly. Nothing: it is malformed, or not of the version that was
/// agreed.
std::optional<start_request> parse_request(std::string_view bytes, std::uint16_t version);

} // namespace roost::keeper
