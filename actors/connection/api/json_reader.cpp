#include "actors/connection/api/json_reader.hpp"

#include "actors/runtime/spelling.hpp"
#include "actors/runtime/text_escape.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

// An answer quotes what was sent, but not a novel.
constexpr std::size_t longest_quote = 64;
// Names listed in a hint.
constexpr std::size_t most_names_listed = 16;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  const auto shown = utf8_prefix(text, longest_quote);
  append_visible(out, shown);
  if (shown.size() < text.size())
    out += "…";
  return out + "\"";
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < std::min(words.size(), most_names_listed); ++i) {
    if (i > 0)
      out += ", ";
    out += words[i];
  }
  return out;
}

} // namespace

std::string brief(const json::value& value) {
  switch (value.kind()) {
  case json::kind::object:
    return "an object";
  case json::kind::array:
    return "a list";
  case json::kind::string:
    return quoted(value.get_string());
  default:
    return json::serialize(value);
  }
}

failure unknown_name(std::string_view kind, std::string_view name,
                     const std::vector<std::string_view>& known) {
  auto text = std::string(kind) + " " + quoted(name) + " is not known";
  if (const auto hint = nearest(name, known); !hint.empty())
    text += "; did you mean \"" + std::string(hint) + "\"?";
  else if (known.empty())
    text += "; none is expected here";
  else
    text += "; known are " + listed(known);
  return {request_error::unknown_field, text};
}

object_reader::object_reader(const json::value& value, std::string path)
    : object_(value.if_object()), path_(std::move(path)) {
  if (!object_)
    wrong_ = failure(request_error::bad_value, (path_.empty() ? std::string("the body") : path_) +
                                                   ": expected an object, got " + brief(value));
}

std::string object_reader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void object_reader::fail(failure why) {
  if (!wrong_)
    wrong_ = std::move(why);
}

const json::value* object_reader::field(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end())
    known_.push_back(name);
  return object_ ? object_->if_contains(name) : nullptr;
}

void object_reader::expected(std::string_view name, std::string_view what, const json::value& got) {
  fail({request_error::bad_value,
        path_of(name) + ": expected " + std::string(what) + ", got " + brief(got)});
}

bool object_reader::has(std::string_view name) { return field(name) != nullptr; }

void object_reader::require(std::string_view name) {
  if (object_ && !field(name))
    fail({request_error::missing_field, "the field \"" + path_of(name) + "\" is missing"});
}

bool object_reader::check_text(const std::string& where, const json::value& value,
                               text_limits limits, bool may_have_nul) {
  if (!value.is_string()) {
    fail({request_error::bad_value, where + ": expected text, got " + brief(value)});
    return false;
  }
  const std::string_view text = value.get_string();
  if (text.size() < limits.shortest || text.size() > limits.longest) {
    const auto problem = text.empty() ? std::string("must not be empty")
                                      : "has " + std::to_string(text.size()) + " bytes; " +
                                            std::to_string(limits.shortest) + " to " +
                                            std::to_string(limits.longest) + " are possible";
    fail({request_error::bad_value, where + ": " + problem});
    return false;
  }
  if (!may_have_nul && text.find('\0') != std::string_view::npos) {
    fail({request_error::bad_value, where + ": must not contain a NUL character"});
    return false;
  }
  return true;
}

std::optional<std::string> object_reader::any_text(std::string_view name, text_limits limits,
                                                   bool may_have_nul) {
  const auto* value = field(name);
  if (!value || !check_text(path_of(name), *value, limits, may_have_nul))
    return std::nullopt;
  return std::string(std::string_view(value->get_string()));
}

std::optional<std::string> object_reader::text(std::string_view name, text_limits limits) {
  return any_text(name, limits, false);
}

std::optional<std::string> object_reader::raw_text(std::string_view name, text_limits limits) {
  return any_text(name, limits, true);
}

std::optional<std::uint64_t> object_reader::number(std::string_view name, std::uint64_t least,
                                                   std::uint64_t most,
                                                   const failure& out_of_range) {
  const auto* value = field(name);
  if (!value)
    return std::nullopt;
  const auto range = std::to_string(least) + " to " + std::to_string(most);
  if (!value->is_number()) {
    expected(name, "a whole number from " + range, *value);
    return std::nullopt;
  }
  std::uint64_t number = 0;
  bool is_in_range = false;
  if (const auto* u = value->if_uint64()) {
    number = *u;
    is_in_range = number >= least && number <= most;
  } else if (const auto* i = value->if_int64()) {
    number = static_cast<std::uint64_t>(*i);
    is_in_range = *i >= 0 && number >= least && number <= most;
  } else if (const auto d = value->get_double(); d > -1e15 && d < 1e15) {
    expected(name, "a whole number from " + range, *value);
    return std::nullopt;
  }
  if (!is_in_range) {
    auto why = out_of_range;
    why.detail =
        path_of(name) + ": " + brief(*value) + " is out of range; " + range + " are possible";
    fail(std::move(why));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> object_reader::flag(std::string_view name) {
  const auto* value = field(name);
  if (!value)
    return std::nullopt;
  if (!value->is_bool()) {
    expected(name, "true or false", *value);
    return std::nullopt;
  }
  return value->get_bool();
}

std::optional<std::vector<std::string>> object_reader::texts(std::string_view name,
                                                             std::size_t most, text_limits each) {
  const auto* value = field(name);
  if (!value)
    return std::nullopt;
  if (!value->is_array()) {
    expected(name, "a list of texts", *value);
    return std::nullopt;
  }
  const auto& list = value->get_array();
  if (list.size() > most) {
    fail({request_error::bad_value, path_of(name) + ": has " + std::to_string(list.size()) +
                                        " entries; at most " + std::to_string(most) +
                                        " are possible"});
    return std::nullopt;
  }
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const auto& entry : list) {
    if (!check_text(path_of(name) + "[" + std::to_string(out.size()) + "]", entry, each, false))
      return std::nullopt;
    out.emplace_back(std::string_view(entry.get_string()));
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>>
object_reader::text_map(std::string_view name, std::size_t most, text_limits each) {
  const auto* value = field(name);
  if (!value)
    return std::nullopt;
  if (!value->is_object()) {
    expected(name, "an object of texts", *value);
    return std::nullopt;
  }
  const auto& map = value->get_object();
  if (map.size() > most) {
    fail({request_error::bad_value, path_of(name) + ": has " + std::to_string(map.size()) +
                                        " entries; at most " + std::to_string(most) +
                                        " are possible"});
    return std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> out;
  out.reserve(map.size());
  for (const auto& entry : map) {
    const std::string_view key = entry.key();
    std::string where = path_of(name) + ".";
    append_visible(where, utf8_prefix(key, longest_quote));
    if (!check_text(where, entry.value(), each, false))
      return std::nullopt;
    out.emplace_back(key, std::string_view(entry.value().get_string()));
  }
  return out;
}

void object_reader::refuse_choice(std::string_view name, const json::value& got,
                                  const std::vector<std::string_view>& words) {
  auto text = path_of(name) + ": expected " + (words.size() > 1 ? "one of " : "") + listed(words) +
              ", got " + brief(got);
  if (const auto* word = got.if_string())
    if (const auto hint = nearest(std::string_view(*word), words); !hint.empty())
      text += "; did you mean \"" + std::string(hint) + "\"?";
  fail({request_error::bad_value, std::move(text)});
}

result<void> object_reader::finish() const {
  if (object_)
    for (const auto& entry : *object_)
      if (std::find(known_.begin(), known_.end(), std::string_view(entry.key())) == known_.end())
        return unknown_name("the field", path_of(entry.key()), known_);
  if (wrong_)
    return *wrong_;
  return {};
}

} // namespace roost::connection::api
