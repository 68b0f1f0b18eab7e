#include <array>

#include "apps/roost/attach_session.hpp"
#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

constexpr std::string_view default_detach_key = "Ctrl-\\ d";

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto session, server.find_session(call.operands[0]));
  return attach_to(session, server, call, self);
}

constexpr std::array operands = {
    operand_row{"ID", arity::one, completes::sessions},
};
constexpr std::array options = {
    option_row{"view", 0, "", "watch only: nothing typed here reaches the session"},
    detach_key_option,
    quiet_option,
};

} // namespace

outcome<int> attach_to(const boost::json::object& session, const api& server,
                       const invocation& call, const program& self) {
  if (const auto id = text_field(session, "id"); self.env()("ROOST_SESSION_ID") == id)
    return usage_failure("this terminal shows that very session", id,
                         "it would show itself for ever");
  attach_options attach;
  attach.link.address = server.address();
  attach.link.token = server.token();
  attach.link.session = text_field(session, "id");
  attach.link.mode = call.has("view") ? viewing::view : viewing::control;
  attach.title = text_field(session, "title");
  attach.is_quiet = call.has("quiet");
  auto keys = call.value("detach-key");
  if (!keys)
    keys = self.env()("ROOST_DETACH_KEY");
  ROOST_TRY(attach.detach,
            parse_detach_sequence(keys && !keys->empty() ? *keys : default_detach_key));
  return attach_terminal(std::move(attach));
}

constinit const command_row attach_command = {
    "attach",
    "show a session in this terminal, and type into it",
    "Detach with Ctrl-\\ d (or what --detach-key or ROOST_DETACH_KEY say); the session goes on. "
    "The\n"
    "first key twice sends it once. A connection that breaks comes back by itself, with all "
    "output;\n"
    "what is typed meanwhile is sent then. One that the server ended because nobody was there "
    "comes\n"
    "back with the next key. The exit status is the session's own, 128+N after a\n"
    "signal, or 0 after detaching.",
    operands,
    options,
    run};

} // namespace roost::cli
