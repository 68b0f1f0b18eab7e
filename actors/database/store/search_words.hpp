#pragma once

#include "actors/runtime/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What a word is to the search: the same for every store, as words are made here and not by the
/// databases. Letters and digits of any script make words; everything else parts them. Upper and
/// lower case of the Latin, Greek, Cyrillic and Armenian alphabets are the same; accents count.
namespace roost::database {

/// A word is cut here, so that PostgreSQL can index it. Bytes.
inline constexpr std::size_t most_word_bytes = 200;

struct word {
  std::string text; ///< in lower case
  std::size_t begin = 0;
  std::size_t end = 0; ///< in bytes, in the text that it was found in
};

/// The words of a text (UTF-8), in order.
std::vector<word> words_of(std::string_view text);

/// The words as SQLite's FTS5 indexes them: joined by spaces.
std::string fts5_text(const std::vector<word>& words);
/// The words as the text of a PostgreSQL tsvector, with positions from 1.
std::string tsvector_text(const std::vector<word>& words);

/// Where a text matches.
struct snippet {
  struct mark {
    std::size_t begin = 0;
    std::size_t size = 0; ///< bytes
    friend bool operator==(const mark&, const mark&) = default;
  };
  std::string text; ///< a part of it
  std::vector<mark> marks;
};

/// What somebody searches for. All terms must occur. Nothing that is typed is ever syntax of a
/// database: a term is a word, several in "quotes" (or joined by anything that is no space) are
/// next to each other, and `*` after it stands for the rest of its last word.
class search_query {
public:
  struct term {
    std::vector<std::string> words;
    bool is_prefix = false;
    friend bool operator==(const term&, const term&) = default;
  };

  /// A failure is a sentence for people.
  static result<search_query, std::string> parse(std::string_view typed);

  [[nodiscard]] const std::vector<term>& terms() const { return terms_; }
  /// For MATCH.
  [[nodiscard]] std::string fts5() const;
  /// For a cast to tsquery.
  [[nodiscard]] std::string tsquery() const;
  /// The part of `text` around the first match, with all matches in it; its beginning if there is
  /// none. @param most bytes, about.
  [[nodiscard]] snippet show(std::string_view text, std::size_t most = 240) const;

private:
  std::vector<term> terms_;
};

} // namespace roost::database
