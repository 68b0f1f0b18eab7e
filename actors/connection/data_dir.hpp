#pragma once

#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>

namespace roost::connection {

/// The folder with everything that a node keeps: 0700, ours, and locked (`DATA/lock`) for as long
/// as this object lives, so that two servers never share one. The kernel lets go of the lock when
/// the process ends, however it ends; a lock file that is left over means nothing.
class data_dir {
public:
  /// Makes the folder (and its parents) when it is missing. data_dir_in_use when another process
  /// has it, naming its pid; data_dir_unusable when it is not ours, is open to others or cannot be
  /// made.
  static result<std::unique_ptr<data_dir>> open(const std::string& path);
  ~data_dir();
  data_dir(const data_dir&) = delete;
  data_dir& operator=(const data_dir&) = delete;

  /// Absolute, without a slash at the end.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// `DATA/api.sock`.
  [[nodiscard]] std::string socket_path() const { return path_ + "/api.sock"; }

  /// The key of the login cookies, `DATA/cookie-key` (0600); made when it is missing. Deleting the
  /// file ends all logins at the next start.
  result<std::array<std::byte, 32>> cookie_key(random_source& random) const;

  /// What tells this node from all others that share its database, whatever they are called:
  /// `DATA/node-id`, a random UUID (RFC 9562, version 4); made when it is missing. A copy of the
  /// folder must not be used beside it.
  result<std::string> node_id(random_source& random) const;

  /// Counts the starts of this node, in `DATA/boots`: each call is one. From 1, never again the
  /// same.
  result<std::uint64_t> next_boot() const;

private:
  data_dir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;
};

} // namespace roost::connection
