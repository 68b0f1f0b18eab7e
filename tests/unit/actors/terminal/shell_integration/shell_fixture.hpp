#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "actors/terminal/shell_integration/inject.hpp"
#include "tests/unit/actors/terminal/pty/program_fixture.hpp"

namespace roost::test {

using marks = std::vector<std::string>;

/// The payloads of the OSC 7, 133 and 633 in some output, in order; OSC 7 without scheme and host.
inline marks marks_in(std::string_view output) {
  marks out;
  for (;;) {
    const auto start = output.find("\x1b]");
    if (start == std::string_view::npos)
      return out;
    output.remove_prefix(start + 2);
    const auto end = output.find_first_of("\a\x1b");
    if (end == std::string_view::npos)
      return out;
    const auto payload = output.substr(0, end);
    if (payload.starts_with("7;file://")) {
      const auto path = payload.find('/', 9);
      out.push_back("7;" + std::string(payload.substr(std::min(path, payload.size()))));
    } else if (payload.starts_with("133;") || payload.starts_with("633;")) {
      out.emplace_back(payload);
    }
    output.remove_prefix(end);
  }
}

/// Real shells with Roost's snippets, in a home folder of their own.
class shell_fixture : public program_fixture {
protected:
  shell_fixture() {
    const auto installed = terminal::install_shell_integration(data_.path());
    EXPECT_TRUE(installed) << installed.error().detail;
    context_.integration_dir = *installed;
  }

  /// Starts a bare shell and waits for its first prompt.
  pty_program start_shell(const std::string& name) {
    auto session = start({name});
    EXPECT_TRUE(at_prompt(session));
    return session;
  }

  /// Types `keys` and gives the marks up to the next prompt's end.
  marks after(pty_program& session, std::string_view keys) {
    session.forget_output();
    session.type(keys);
    at_prompt(session);
    return marks_in(session.output());
  }

  /// What was printed in the last step, between the start and the end of the command.
  static std::string printed(const pty_program& session) {
    const auto& text = session.output();
    const auto from = text.rfind("\x1b]133;C\a");
    const auto to = text.rfind("\x1b]133;D");
    if (from == std::string::npos || to == std::string::npos || to < from)
      return {};
    return text.substr(from + 8, to - from - 8);
  }

  bool at_prompt(pty_program& session) {
    return session.read_until([](const std::string& output) {
      const auto all = marks_in(output);
      return !all.empty() && all.back() == "133;B" && std::ranges::count(all, "133;A") == 1;
    });
  }

  /// The marks of one command, from Enter to the next prompt.
  [[nodiscard]] marks ran(const std::string& line, int status,
                          const std::string& folder = {}) const {
    return {"633;E;" + line,
            "133;C",
            "133;D;" + std::to_string(status),
            "7;" + (folder.empty() ? home_.path() : folder),
            "133;A",
            "133;B"};
  }
  /// The marks when nothing ran.
  [[nodiscard]] marks ran_nothing() const {
    return {"133;D", "7;" + home_.path(), "133;A", "133;B"};
  }

  temp_folder data_;
};

} // namespace roost::test
