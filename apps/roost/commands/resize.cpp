#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

constexpr std::int64_t size_max =
    65535; // what COLSxROWS may say; the server refuses what is absurd

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto size, read_size(call.operands[1]));
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  ROOST_TRY(const auto answer,
            server.call("POST", "/sessions/" + id + "/resize",
                        boost::json::object{{"cols", size.columns}, {"rows", size.rows}}));
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand, operand_row{"COLSxROWS", arity::one}};

} // namespace

outcome<size_words> read_size(std::string_view text) {
  const auto x = text.find_first_of("xX");
  if (x == std::string_view::npos)
    return usage_failure("a size is written COLSxROWS", std::string(text), "for example 120x40");
  size_words size;
  ROOST_TRY(size.columns, read_number(text.substr(0, x), "the number of columns", 1, size_max));
  ROOST_TRY(size.rows, read_number(text.substr(x + 1), "the number of rows", 1, size_max));
  return size;
}

constinit const command_row resize_command = {"resize", "set a session's size", "", operands, {},
                                              run};

} // namespace roost::cli
