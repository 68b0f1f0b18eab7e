#include "apps/roost/command_table.hpp"

#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

command_table all_commands() noexcept {
  static constexpr std::array<const command_row*, 23> rows = {
      &new_command,        &attach_command,
      &ls_command,         &send_command,
      &screen_command,     &output_command,
      &record_command,     &search_command,
      &wait_command,       &resize_command,
      &kill_command,       &url_command,
      &status_command,     &token_create_command,
      &token_list_command, &token_revoke_command,
      &top_command,        &sandboxes_command,
      &set_command,        &call_command,
      &channels_command,   &channels_override_command,
      &completion_command,
  };
  return rows;
}

std::span<const option_row> global_options() noexcept {
  static constexpr std::array rows = {
      option_row{"server", 0, "URL",
                 "http://…, https://… or unix:PATH (default: the data dir's socket)"},
      option_row{"token", 0, "TOKEN", "what says who you are; not needed on a Unix socket"},
      option_row{"json", 0, "", "print answers as JSON"},
      option_row{"no-color", 0, "", "no colours"},
  };
  return rows;
}

} // namespace roost::cli
