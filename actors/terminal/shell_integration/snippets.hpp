#pragma once

#include <span>
#include <string_view>

namespace roost::terminal {

/// One file of this folder, as the build embedded it.
struct snippet {
  std::string_view path; ///< relative to DATA_DIR/shell-integration
  std::string_view text;
};

/// All embedded files. Lives for the whole program.
std::span<const snippet> snippets();

} // namespace roost::terminal
