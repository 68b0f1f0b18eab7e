#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "actors/runtime/text_escape.hpp"

/// Ends the run with the broken promise's text, so that the fuzzer keeps the input.
#define ROOST_FUZZ_CHECK(promise)                                                                  \
  do {                                                                                             \
    if (!(promise)) {                                                                              \
      std::fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #promise);           \
      std::abort();                                                                                \
    }                                                                                              \
  } while (false)

namespace roost::fuzz {

/// Whether a text may be shown to a person: one line, no control characters, valid UTF-8, not
/// endless.
inline bool is_presentable(std::string_view text) {
  std::string visible;
  append_visible(visible, text);
  // A backslash is doubled by escaping and nothing else may change.
  std::string undone;
  for (std::size_t i = 0; i < visible.size(); ++i) {
    undone += visible[i];
    if (visible[i] == '\\' && i + 1 < visible.size() && visible[i + 1] == '\\')
      ++i;
  }
  return undone == text && text.size() < 4096;
}

} // namespace roost::fuzz
