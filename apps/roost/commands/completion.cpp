#include "apps/roost/completion.hpp"

#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto script,
            completion_script(call.operands[0], all_commands(), global_options()));
  if (const auto printed = self.print(script); !printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {
    operand_row{"SHELL", arity::one, completes::choices, "bash zsh fish"}};

} // namespace

constinit const command_row completion_command = {
    "completion",
    "print the completion script for a shell",
    "  bash:  eval \"$(roost completion bash)\"             in ~/.bashrc\n"
    "  zsh:   eval \"$(roost completion zsh)\"              in ~/.zshrc, after compinit\n"
    "  fish:  roost completion fish | source              in ~/.config/fish/config.fish",
    operands,
    {},
    run};

} // namespace roost::cli
