#include "actors/channel/transport/json_rpc.hpp"

#include "actors/runtime/text_escape.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

namespace roost::channel {

namespace {

namespace json = boost::json;

// What of a helper's error message goes to the log.
constexpr std::size_t longest_message_kept = 256;

enum member : std::uint8_t { version, id, result, error, method, member_count };
constexpr std::array<std::string_view, member_count> member_names = {"jsonrpc", "id", "result",
                                                                     "error", "method"};

/// Writes the members that matter of a message's object again as compact JSON, and watches for what
/// Boost.JSON's own parser lets pass: a key that comes twice.
class message_handler {
public:
  // Limits that the parser asks for; the caller has bounded the whole text already.
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  [[nodiscard]] bool is_object() const { return is_object_; }
  [[nodiscard]] bool has_duplicate() const { return has_duplicate_; }
  /// A member's compact text; nothing: it is not there.
  std::optional<std::string>& operator[](member which) { return members_[which]; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    is_object_ = is_object_ || open_.empty();
    begin('{');
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    end('}');
    return true;
  }
  bool on_array_begin(json::error_code&) {
    begin('[');
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    end(']');
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) {
    part_.append(s.data(), s.size());
    return true;
  }
  bool on_key(json::string_view s, std::size_t, json::error_code& why) {
    part_.append(s.data(), s.size());
    auto& object = open_.back();
    if (open_.size() == 1)
      choose_member();
    else if (into_ != nullptr) {
      if (!object.is_empty)
        *into_ += ',';
      append_string();
      *into_ += ':';
    }
    object.is_empty = false;
    object.follows_key = true;
    if (!object.keys.insert(std::move(part_)).second) {
      has_duplicate_ = true;
      why = json::error::syntax;
    }
    part_.clear();
    return !has_duplicate_;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) {
    part_.append(s.data(), s.size());
    return true;
  }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    part_.append(s.data(), s.size());
    separate();
    if (into_ != nullptr)
      append_string();
    part_.clear();
    return true;
  }
  bool on_number_part(json::string_view s, json::error_code&) {
    part_.append(s.data(), s.size());
    return true;
  }
  bool on_int64(std::int64_t, json::string_view s, json::error_code&) { return on_number(s); }
  bool on_uint64(std::uint64_t, json::string_view s, json::error_code&) { return on_number(s); }
  bool on_double(double, json::string_view s, json::error_code&) { return on_number(s); }
  bool on_bool(bool b, json::error_code&) { return on_word(b ? "true" : "false"); }
  bool on_null(json::error_code&) { return on_word("null"); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

private:
  /// An object or an array that has not ended.
  struct container {
    bool is_empty = true;
    bool follows_key = false;
    std::unordered_set<std::string> keys;
  };

  void choose_member() {
    const auto* const found = std::ranges::find(member_names, part_);
    into_ = nullptr;
    if (found != member_names.end()) {
      auto& text = members_[static_cast<std::size_t>(found - member_names.begin())];
      into_ = &text.emplace();
    }
  }

  /// Before a value: the comma, if it is an array's.
  void separate() {
    if (open_.empty())
      return;
    auto& in = open_.back();
    if (!in.follows_key && !in.is_empty && into_ != nullptr)
      *into_ += ',';
    in.follows_key = false;
    in.is_empty = false;
  }
  void begin(char bracket) {
    separate();
    if (into_ != nullptr)
      *into_ += bracket;
    open_.emplace_back();
  }
  void end(char bracket) {
    open_.pop_back();
    if (into_ != nullptr && !open_.empty())
      *into_ += bracket;
  }
  void append_string() {
    *into_ += '"';
    append_json(*into_, part_);
    *into_ += '"';
  }
  bool on_word(std::string_view word) {
    separate();
    if (into_ != nullptr)
      *into_ += word;
    return true;
  }
  bool on_number(json::string_view last) {
    part_.append(last.data(), last.size());
    on_word(part_);
    part_.clear();
    return true;
  }

  bool is_object_ = false;
  bool has_duplicate_ = false;
  std::vector<container> open_;
  std::string part_; ///< of a key, a string or a number
  std::array<std::optional<std::string>, member_count> members_;
  std::string* into_ = nullptr; ///< nullptr: the value is of no interest
};

incoming violation(std::string why) {
  incoming out;
  out.what.kind = reply_kind::protocol;
  out.what.detail = std::move(why);
  return out;
}

/// The parts of an `error` object; false: it is not one.
bool take_error(std::string_view text, reply& into) {
  json::error_code bad;
  const auto parsed = json::parse({text.data(), text.size()}, bad);
  const auto* const object = bad ? nullptr : parsed.if_object();
  const auto* const code = object ? object->if_contains("code") : nullptr;
  const auto* const message = object ? object->if_contains("message") : nullptr;
  if (code == nullptr || !code->is_int64() || message == nullptr || !message->is_string())
    return false;
  into.kind = reply_kind::helper_error;
  into.code = code->get_int64();
  const auto& said = message->get_string();
  into.detail = utf8_prefix({said.data(), said.size()}, longest_message_kept);
  const auto* const data = object->if_contains("data");
  const auto* const fields = data ? data->if_object() : nullptr;
  const auto* const category = fields ? fields->if_contains("category") : nullptr;
  if (category != nullptr && category->is_string() &&
      category->get_string().size() <= longest_category)
    into.category.assign(category->get_string().data(), category->get_string().size());
  return true;
}

} // namespace

std::string render_request(std::uint64_t id, std::string_view method, std::string_view params) {
  auto out = fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":")", id);
  append_json(out, method);
  out += '"';
  if (!params.empty()) {
    out += ",\"params\":";
    const auto start = static_cast<std::ptrdiff_t>(out.size());
    out += params;
    std::replace_if(
        out.begin() + start, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
  out += '}';
  return out;
}

std::string render_cancel(std::uint64_t id) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"$/cancelRequest","params":{{"id":{}}}}})", id);
}

incoming parse_message(std::string_view text) {
  json::basic_parser<message_handler> parser{json::parse_options()};
  json::error_code bad;
  const auto used = parser.write_some(false, text.data(), text.size(), bad);
  if (!bad && used < text.size())
    bad = json::error::extra_data;
  auto& found = parser.handler();
  if (bad)
    return violation(found.has_duplicate()
                         ? fmt::format("a key is there twice, at byte {}", used)
                         : fmt::format("not JSON at byte {}: {}", used, bad.message()));
  if (!found.is_object())
    return violation("not an object");
  if (found[version] != "\"2.0\"")
    return violation("\"jsonrpc\" is not \"2.0\"");
  if (found[method]) {
    if (found[result] || found[error] || !found[method]->starts_with('"'))
      return violation("a method, and more than that or no name");
    incoming out;
    out.is = incoming::kind::ignored;
    return out;
  }
  if (found[result].has_value() == found[error].has_value())
    return violation("a response needs either a result or an error");
  if (!found[id] || found[id] == "null")
    return violation("a response without an id");
  incoming out;
  if (found[result])
    out.what.value = std::move(*found[result]);
  else if (!take_error(*found[error], out.what))
    return violation("an error needs an integer code and a message");
  const auto& number = *found[id];
  const auto [stop, wrong] =
      std::from_chars(number.data(), number.data() + number.size(), out.what.id);
  if (wrong == std::errc() && stop == number.data() + number.size())
    out.is = incoming::kind::response;
  else if (number.find_first_of("{[tf") == 0)
    return violation("an id is a number or a string");
  else
    out.is = incoming::kind::stray;
  return out;
}

} // namespace roost::channel
