#pragma once

#include "actors/runtime/result.hpp"
#include "actors/terminal/keeper/kept_program.hpp"
#include "actors/terminal/pty/prepare.hpp"
#include "actors/terminal/sandbox/sandbox.hpp"

#include <optional>
#include <string>

namespace roost::terminal {

/// Writes what the keeper must be told to start a program. `history` is in bytes. The descriptors
/// of the sandbox come from open_descriptors; none for a plan that has none. Errors: bad_command
/// (the command and its environment are too long), sandbox_unavailable.
result<start_order> make_order(const prepared_spawn& what, const sandbox_plan& plan,
                               std::uint64_t history, const std::string& keeper_program);

/// Has the program run as another user than the keeper's. `terminal_group`: the group that may
/// write to users' terminals ("tty"), if the system has one.
void add_user(start_order& to, const user_record& who, std::optional<gid_t> terminal_group);

/// Makes it the next program of a session whose programs have all ended.
void add_again(start_order& to);

/// Puts a start request into a memfd, which is how it travels.
result<unique_fd> pack(const std::string& parts);

/// Why a program does not run, for whoever asked. `what` is as it was prepared, so that what has
/// changed in the file system since can be named. Thread-safe; may look at files.
failure explain(const keeper::refused& why, const prepared_spawn& what, const std::string& profile);

} // namespace roost::terminal
