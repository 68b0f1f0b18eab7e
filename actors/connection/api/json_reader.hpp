#pragma once

#include "actors/runtime/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reading JSON that a stranger wrote: every way to be wrong has an answer that names the field,
/// what was expected there, and what was found. Pure; used for HTTP bodies and WebSocket text
/// frames.
namespace roost::connection::api {

/// Deeper nesting than this is nobody's request. The vocabulary needs 3; what a
/// channel's helper is asked may be any document.
inline constexpr std::size_t max_json_depth = 32;

/// Parses one whole JSON text. Refuses (bad_json, with line and column) what RFC 8259 refuses,
/// invalid UTF-8, nesting beyond `max_json_depth`, and an object that has one key twice (which
/// parsers are known to read differently). The caller bounds the size of `text`.
result<boost::json::value> parse_json(std::string_view text);

/// Takes the fields of one object one by one. The first thing that is wrong is remembered and the
/// rest reads as absent, so that callers check once, with `finish`.
class object_reader {
public:
  /// @param value must outlive the reader. Anything but an object is a failure.
  /// @param path what the object is called in texts, e.g. `env`; empty for the whole body.
  explicit object_reader(const boost::json::value& value, std::string path = {});

  /// Lengths in bytes; both ends included.
  struct text_limits {
    std::size_t shortest = 0;
    std::size_t longest = 4096;
  };

  /// Whether the field is there at all; marks it as known.
  bool has(std::string_view name);
  /// The field as it is, or null; marks it as known.
  const boost::json::value* value(std::string_view name) { return field(name); }
  /// Text without a NUL character.
  std::optional<std::string> text(std::string_view name, text_limits limits);
  /// Text as bytes: NUL is fine.
  std::optional<std::string> raw_text(std::string_view name, text_limits limits);
  /// A whole number in the range. `out_of_range` is the failure for one that is not in it.
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least,
                                      std::uint64_t most,
                                      const failure& out_of_range = request_error::bad_value);
  std::optional<bool> flag(std::string_view name);
  /// A list of texts without NUL characters.
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t most,
                                                text_limits each);
  /// An object whose values are texts, in the order written.
  std::optional<std::vector<std::pair<std::string, std::string>>>
  text_map(std::string_view name, std::size_t most, text_limits each);

  /// One of a few words.
  template <class T>
  std::optional<T> choice(std::string_view name,
                          std::initializer_list<std::pair<std::string_view, T>> words) {
    const auto* value = field(name);
    if (!value)
      return std::nullopt;
    for (const auto& [word, meaning] : words)
      if (value->is_string() && std::string_view(value->get_string()) == word)
        return meaning;
    std::vector<std::string_view> names;
    for (const auto& row : words)
      names.push_back(row.first);
    refuse_choice(name, *value, names);
    return std::nullopt;
  }

  /// The field must be there.
  void require(std::string_view name);
  /// Remembers a failure of the caller's own, unless there is one already.
  void fail(failure why);
  /// `path.name` of a field, for texts.
  [[nodiscard]] std::string path_of(std::string_view name) const;

  /// The verdict: a field that nobody asked for (with the nearest known name), else the first
  /// failure, else success. Asked-for names are all that `has`, `text`, … were called with.
  result<void> finish() const;

private:
  const boost::json::value* field(std::string_view name);
  void expected(std::string_view name, std::string_view what, const boost::json::value& got);
  std::optional<std::string> any_text(std::string_view name, text_limits limits, bool may_have_nul);
  bool check_text(const std::string& where, const boost::json::value& value, text_limits limits,
                  bool may_have_nul);
  void refuse_choice(std::string_view name, const boost::json::value& got,
                     const std::vector<std::string_view>& words);

  const boost::json::object* object_ = nullptr;
  std::string path_;
  std::vector<std::string_view> known_; ///< views of the callers' literals
  std::optional<failure> wrong_;
};

/// A short form of a value for error texts: `"abc"`, `-3`, `a list`. Long texts are cut.
std::string brief(const boost::json::value& value);

/// `name` is unknown, with a hint at the nearest of `known`: the failure for fields and parameters.
failure unknown_name(std::string_view kind, std::string_view name,
                     const std::vector<std::string_view>& known);

} // namespace roost::connection::api
