#pragma once

#include "apps/roost/arguments.hpp"
#include "apps/roost/command_table.hpp"
#include "apps/roost/program.hpp"

/// The verbs: each file here defines the row that its name says, with what it does.
namespace roost::cli {

extern const command_row new_command;
extern const command_row attach_command;
extern const command_row ls_command;
extern const command_row send_command;
extern const command_row screen_command;
extern const command_row output_command;
extern const command_row record_command;
extern const command_row search_command;
extern const command_row wait_command;
extern const command_row resize_command;
extern const command_row set_command;
extern const command_row kill_command;
extern const command_row url_command;
extern const command_row status_command;
extern const command_row top_command;
extern const command_row sandboxes_command;
extern const command_row call_command;
extern const command_row channels_command;
extern const command_row channels_override_command;
extern const command_row token_create_command;
extern const command_row token_list_command;
extern const command_row token_revoke_command;
extern const command_row completion_command;

/// `session` is the server's JSON of it; reads --detach-key, ROOST_DETACH_KEY and --quiet. For the
/// two verbs that end in an attached terminal.
outcome<int> attach_to(const boost::json::object& session, const api& server,
                       const invocation& call, const program& self);

/// The options that `attach_to` reads.
inline constexpr option_row detach_key_option{
    "detach-key", 0, "KEYS", "what detaches, e.g. \"C-a d\" (default \"Ctrl-\\ d\")"};
inline constexpr option_row quiet_option{"quiet", 'q', "",
                                         "say nothing when attaching or detaching"};

/// When a session starts its program again: `new` and `set`.
inline constexpr option_row restart_option{
    "restart",          0,
    "POLICY",           "start it again when it ends: never, on-failure, always",
    completes::choices, "never on-failure always"};

/// Operands that several verbs have.
inline constexpr operand_row session_operand{"ID", arity::one, completes::sessions};

/// "COLSxROWS".
struct size_words {
  std::int64_t columns = 0;
  std::int64_t rows = 0;
};
outcome<size_words> read_size(std::string_view text);

} // namespace roost::cli
