#include "actors/connection/api/json_reader.hpp"

#include "actors/runtime/text_escape.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <unordered_set>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

// A key of an error text, cut so that an answer stays short.
constexpr std::size_t longest_key_shown = 64;

/// Builds the value and watches for what Boost.JSON's own parser lets pass: a key that comes twice.
class strict_handler {
public:
  // Limits that the parser asks for; the caller has bounded the whole text already.
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  [[nodiscard]] const std::optional<std::string>& duplicate() const { return duplicate_; }
  json::value release() { return stack_.release(); }

  bool on_document_begin(json::error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, json::error_code&) {
    keys_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) {
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    key_.append(s.data(), s.size());
    stack_.push_chars(s);
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code& why) {
    key_.append(s.data(), s.size());
    stack_.push_key(s);
    const bool is_new = keys_.back().insert(key_).second;
    if (!is_new) {
      duplicate_ = key_;
      why = json::error::syntax;
    }
    key_.clear();
    return is_new;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    stack_.push_string(s);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, json::error_code&) {
    stack_.push_int64(i);
    return true;
  }
  bool on_uint64(std::uint64_t u, json::string_view, json::error_code&) {
    stack_.push_uint64(u);
    return true;
  }
  bool on_double(double d, json::string_view, json::error_code&) {
    stack_.push_double(d);
    return true;
  }
  bool on_bool(bool b, json::error_code&) {
    stack_.push_bool(b);
    return true;
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

private:
  json::value_stack stack_;
  std::vector<std::unordered_set<std::string>> keys_; ///< of the objects that are open
  std::string key_;
  std::optional<std::string> duplicate_;
};

std::string place(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const auto before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n');
  const auto column = line_start == std::string_view::npos ? at + 1 : at - line_start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string_view explain(const json::error_code& why) {
  if (why == json::error::incomplete)
    return "the text ends too early";
  if (why == json::error::extra_data)
    return "something follows after the value";
  if (why == json::error::too_deep)
    return "it is nested too deeply";
  if (why == json::error::illegal_leading_surrogate ||
      why == json::error::illegal_trailing_surrogate || why == json::error::expected_utf16_escape)
    return "an escape names half a character";
  if (why == json::error::exponent_overflow)
    return "a number is too large";
  return "this is not JSON";
}

} // namespace

result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::basic_parser<strict_handler> parser(options);
  json::error_code why;
  const auto used = parser.write_some(false, text.data(), text.size(), why);
  if (!why && used < text.size())
    why = json::error::extra_data;
  if (!why)
    return parser.handler().release();
  if (const auto& key = parser.handler().duplicate()) {
    std::string shown;
    append_visible(shown, utf8_prefix(*key, longest_key_shown));
    return failure(request_error::bad_json,
                   place(text, used) + ": the key \"" + shown + "\" is there twice");
  }
  return failure(request_error::bad_json, place(text, used) + ": " + std::string(explain(why)));
}

} // namespace roost::connection::api
