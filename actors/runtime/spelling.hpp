#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace roost {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: the optimal string
/// alignment form of the Damerau-Levenshtein distance. Costs |a| * |b| steps.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that the writer of `word` most likely meant; empty if none is near (more than a
/// third of the letters, or more than `most_edits`, would have to change). The first of equally
/// near candidates wins.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates,
                         std::size_t most_edits = 64);

} // namespace roost
