#pragma once

#include <string>

#include "apps/keeper/descriptor.hpp"

namespace roost::keeper {

// Files of the keeper's folder.
inline constexpr const char* socket_name = "keeper.sock";
inline constexpr const char* lock_name = "lock";
inline constexpr const char* pid_name = "keeper.pid";
inline constexpr const char* log_name = "keeper.log";

/// Frees the process from what it was started with: other descriptors, signal settings, the text of
/// its environment (which may hold secrets, and would be seen in /proc).
void shed_inheritance();

/// Opens the folder; it must be ours and closed to everybody else. Empty: `complaint` says why.
descriptor open_folder(const std::string& path, std::string& complaint);

enum class claim : std::uint8_t { ours, taken, failed };
/// Makes this process the folder's keeper, or finds that another one is and answers. Waits for one
/// that is coming or going, a few seconds at most. The lock is held as long as `lock` is open.
claim claim_folder(const descriptor& folder, descriptor& lock, std::string& complaint);

/// Listens at the folder's socket and writes the pid file. Empty: `complaint` says why.
descriptor listen_in(const descriptor& folder, std::string& complaint);

/// Standard error becomes the folder's log.
bool log_to(const descriptor& folder, std::string& complaint);

/// The two halves of becoming a daemon. `fork_daemon` returns only in the child, with the pipe on
/// which `tell_parent` says how it went; the parent prints that and exits.
descriptor fork_daemon();
void tell_parent(descriptor pipe, int status, const std::string& message);

} // namespace roost::keeper
