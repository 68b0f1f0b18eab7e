#include "actors/runtime/spelling.hpp"

#include <algorithm>
#include <vector>

namespace roost {

namespace {

// A longer word is no misspelling of a key of ours; this also bounds the work on hostile input.
constexpr std::size_t longest_word = 64;

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates,
                         std::size_t most_edits) {
  if (word.empty() || word.size() > longest_word)
    return {};
  std::string_view best;
  std::size_t best_distance = std::min(most_edits, std::max<std::size_t>(1, word.size() / 3)) + 1;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    // A distance of the whole word is no likeness.
    if (distance < best_distance && distance < word.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

} // namespace roost
